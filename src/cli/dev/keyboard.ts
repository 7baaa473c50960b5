import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The terminal whose keys are read. */
export interface Keyboard {
  /** `process.stdin` */
  readonly input: {
    setRawMode(isRaw: boolean): unknown;
    on(event: "data", listener: (chunk: Buffer) => void): unknown;
    off(event: "data", listener: (chunk: Buffer) => void): unknown;
    pause(): unknown;
  };
  /** A process in the background must not touch the terminal: the kernel would stop it. */
  isInForeground(): boolean;
}

/** Undefined where stdin is no terminal. */
export function openKeyboard(): Keyboard | undefined {
  if (!process.stdin.isTTY) return undefined;
  // A terminal that was closed; SIGHUP says so as well.
  process.stdin.on("error", () => process.stdin.pause());
  return { input: process.stdin, isInForeground };
}

const INTERRUPT = "\u0003";
const SUSPEND = "\u001a";
const QUIT = "\u001c";

/**
 * Calls `onKey` with each key that is pressed, without Enter. Ctrl-C is the key `q`. The terminal is in raw mode meanwhile,
 * so Ctrl-Z and Ctrl-\ are sent by hand to the process group, in which npm may be too. Returns what restores the terminal;
 * the end of the process does that as well.
 */
export function readKeys({ input, isInForeground }: Keyboard, onKey: (key: string) => void): () => void {
  const read = (chunk: Buffer) => {
    for (const key of chunk.toString()) {
      if (key === SUSPEND) send("SIGTSTP");
      else if (key === QUIT) send("SIGQUIT");
      else onKey(key === INTERRUPT ? "q" : key);
    }
  };
  const release = () => {
    input.off("data", read);
    input.setRawMode(false);
    input.pause();
  };
  const grab = () => {
    if (!isInForeground()) return;
    input.off("data", read);
    input.on("data", read);
    input.setRawMode(true);
  };
  const send = (signal: NodeJS.Signals) => {
    release();
    process.kill(0, signal);
  };
  grab();
  process.on("SIGCONT", grab);
  process.on("exit", release);
  return () => {
    process.off("SIGCONT", grab);
    process.off("exit", release);
    release();
  };
}

function isInForeground(): boolean {
  try {
    if (process.platform !== "linux")
      return execFileSync("ps", ["-o", "stat=", "-p", String(process.pid)], { encoding: "utf8" }).includes(
        "+",
      );
    const stat = readFileSync("/proc/self/stat", "utf8");
    const [, , , group, , , foreground] = stat.slice(stat.lastIndexOf(")")).split(" ");
    return group === foreground;
  } catch {
    return false;
  }
}
