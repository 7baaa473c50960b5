import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";

export interface Command {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[];
  /** Where it runs; null for the working folder of the replica. */
  readonly cwd: string | null;
  /** Added to the replica's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What `execvp` searches where there is no PATH. */
const FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin";
const SHOWN_PATH = 200;

/**
 * Why a command could not be started here, or null. `searchPath` is the replica's PATH; the command's own one comes
 * first. A program that is found may be removed before the command is due: the run then fails.
 */
export async function problemOfCommand(
  { argv, cwd, env }: Command,
  searchPath = FALLBACK_PATH,
): Promise<string | null> {
  if (cwd !== null && !(await isFolder(cwd))) return `there is no folder ${cwd} to run the command in (cwd)`;
  const program = argv[0] ?? "";
  const usedPath = env["PATH"] ?? searchPath;
  const folders = program.includes("/") ? [""] : usedPath.split(":");
  const found = await Promise.all(folders.map(folder => look(path.resolve(cwd ?? ".", folder, program))));
  if (found.includes("program")) return null;
  if (found.includes("file")) return `${program} is there, but it may not be executed: chmod +x it`;
  return program.includes("/")
    ? `there is no program ${program}`
    : `there is no program ${program} in PATH (${clip(usedPath)})`;
}

async function look(file: string): Promise<"program" | "file" | "nothing"> {
  const stats = await stat(file).catch(() => null);
  if (!stats?.isFile()) return "nothing";
  const isProgram = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  return isProgram ? "program" : "file";
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isDirectory() ?? false;
}

function clip(text: string): string {
  return text.length <= SHOWN_PATH ? text : `${text.slice(0, SHOWN_PATH)}…`;
}
