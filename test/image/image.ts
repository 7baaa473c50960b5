/** Images built by deploy/image/build-locally, and their contents. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SCRIPT = path.resolve(import.meta.dirname, "../../deploy/image/build-locally");

export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  /** By path. */
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Image {
  readonly config: ImageConfig;
  /** Its files, on this machine. Nothing should be written there. */
  readonly root: string;
  dispose(): Promise<void>;
}

export interface BuildOptions {
  /** Of buildah, each with its value. */
  readonly options?: readonly string[];
  readonly buildArgs?: readonly string[];
}

/** Builds a folder's Dockerfile; what the build says goes to the test's own output. */
export async function buildImage(
  tag: string,
  folder: string,
  { options = [], buildArgs = [] }: BuildOptions = {},
): Promise<string> {
  const child = spawn(SCRIPT, [...options, tag, folder, ...buildArgs], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let id = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    id += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`building ${tag} ended with ${code}; see above`);
  return id.trim();
}

export async function openImage(id: string): Promise<Image> {
  const inspected = JSON.parse(await buildah("inspect", "--type", "image", id));
  const container = await buildah("from", "--pull-never", id);
  return {
    config: inspected.OCIv1.config,
    root: await buildah("mount", container),
    dispose: async () => {
      await buildah("umount", container);
      await buildah("rm", container);
    },
  };
}

export async function removeImage(id: string): Promise<void> {
  await buildah("rmi", id);
}

async function buildah(...args: readonly string[]): Promise<string> {
  const storage = (await run(SCRIPT, ["--storage"])).stdout.trim().split(" ");
  return (await run("buildah", [...storage, ...args])).stdout.trim();
}
