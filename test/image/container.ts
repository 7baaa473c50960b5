/**
 * One process of an image as a restricted pod runs it. It is process 1 of its own, with the image's user and
 * environment. It has no capabilities, no way to gain more, and a root file system that cannot be written. `buildah
 * run` has no read-only root, so this is unshare and chroot; the network is this machine's, for the Redis on loopback.
 */
import { readFile } from "node:fs/promises";
import { ReplicaProcess } from "../support/replica-process.ts";
import type { Image } from "./image.ts";

const ENTER = `
set -eu
root=$1 user=$2 volumes=$3 mounts=$4
shift 4
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
for volume in $volumes; do
  mount -t tmpfs -o "$(stat --format uid=%u,gid=%g,mode=%a "$root$volume")" volume "$root$volume"
done
for mount in $mounts; do mount --bind "\${mount%%:*}" "$root\${mount#*:}"; done
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" env --ignore-environment "$@"
`;

/** The command line that runs `argv` in the image, with folders of this machine (`folder:/path`) at places of it. */
export function enterImage(
  { root, config }: Image,
  env: Readonly<Record<string, string>>,
  argv: readonly string[],
  mounts: readonly string[] = [],
): [string, ...string[]] {
  const own = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const volumes = Object.keys(config.Volumes ?? {}).join(" ");
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child"];
  const enter = ["bash", "-c", ENTER, "enter", root, config.User, volumes, mounts.join(" ")];
  return ["unshare", ...namespaces, ...enter, `--chdir=${config.WorkingDir}`, ...config.Env, ...own, ...argv];
}

/** What the kernel knows about a process: the lines of /proc/PID/status by name. */
export type ProcessStatus = Readonly<Record<string, string>>;

/** A replica in the image, started as the image says. */
export class Container {
  readonly replica: ReplicaProcess;

  constructor(image: Image, env: Readonly<Record<string, string>>, args: readonly string[]) {
    const { Entrypoint, Cmd } = image.config;
    this.replica = new ReplicaProcess(
      [],
      {},
      undefined,
      enterImage(image, env, [...Entrypoint, ...Cmd, ...args]),
    );
  }

  /** Signals process 1 itself: its parent, unshare, passes nothing on. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.#pid(), signal);
  }

  /** Process 1 has another user than unshare, so the kernel does not end it with unshare. */
  async kill(): Promise<void> {
    if (!this.replica.hasEnded) await this.signal("SIGKILL");
    await this.replica.ended();
  }

  async status(): Promise<ProcessStatus> {
    const text = await readFile(`/proc/${await this.#pid()}/status`, "utf8");
    return Object.fromEntries(text.split("\n").map(line => line.split(":\t") as [string, string]));
  }

  /** The options with which its root file system is mounted. */
  async rootOptions(): Promise<string[]> {
    const text = await readFile(`/proc/${await this.#pid()}/mountinfo`, "utf8");
    const root = text.split("\n").find(line => line.split(" ")[4] === "/");
    return root?.split(" ")[5]?.split(",") ?? [];
  }

  /** Of process 1, as this machine numbers it. */
  async #pid(): Promise<number> {
    const { pid } = this.replica;
    return Number(await readFile(`/proc/${pid}/task/${pid}/children`, "utf8"));
  }
}
