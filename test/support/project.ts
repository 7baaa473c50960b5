import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Contents by path below the project's folder. */
export type ProjectFiles = Readonly<Record<string, string>>;

export interface TestProject {
  readonly dir: string;
  readonly configDir: string;
  /** Writes a file below the project's folder, making its folders. A reader sees the old or the new content, no part. */
  write(file: string, content: string): Promise<void>;
  dispose(): Promise<void>;
}

/** A user's project in a temporary folder: config files and handlers. */
export async function createProject(files: ProjectFiles): Promise<TestProject> {
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-project-"));
  const write = async (file: string, content: string) => {
    const target = path.join(dir, file);
    await mkdir(path.dirname(target), { recursive: true });
    const unfinished = path.join(dir, `.${randomUUID()}`);
    await writeFile(unfinished, content);
    await rename(unfinished, target);
  };
  for (const [file, content] of Object.entries(files)) await write(file, content);
  return {
    dir,
    configDir: path.join(dir, "config"),
    write,
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
}
