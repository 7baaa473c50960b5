import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type ConfigIssue, fileIssue } from "./config-issue.ts";

/** What a file that is read ends in. */
export const EXTENSIONS = [".yaml", ".yml", ".json"];

/** Which files make up a configuration. Paths are absolute. */
export interface ConfigFiles {
  /** null when there is no bellwether file: then everything has its default. */
  readonly settings: string | null;
  /** True when the directory cannot be read, or has more than one such file. */
  readonly isSettingsUncertain: boolean;
  readonly jobs: readonly string[];
  readonly issues: readonly ConfigIssue[];
}

/** As people see it: relative to the working directory when below it. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  const isBelow = relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
  return isBelow ? relative : file;
}

/** Finds bellwether.yaml, jobs.yaml and jobs/*.yaml (each also as .yml or .json) in a directory. */
export async function findConfigFiles(configDir: string): Promise<ConfigFiles> {
  const listed = await list(configDir);
  if (typeof listed === "string") {
    const issues = [fileIssue(shownPath(configDir), listed)];
    return { settings: null, isSettingsUncertain: true, jobs: [], issues };
  }
  const settings = listed.filter(name => isConfigFile(name, "bellwether"));
  const jobs = listed.filter(name => isConfigFile(name, "jobs"));
  const folder = await findJobFolder(path.join(configDir, "jobs"), listed.includes("jobs"));
  const absolute = (name: string) => path.join(configDir, name);
  return {
    settings: settings.map(absolute)[0] ?? null,
    isSettingsUncertain: settings.length > 1,
    jobs: [...jobs.slice(0, 1).map(absolute), ...folder.jobs],
    issues: [...oneOnly(configDir, settings), ...oneOnly(configDir, jobs), ...folder.issues],
  };
}

type JobFolder = Pick<ConfigFiles, "jobs" | "issues">;

/** ConfigMap mounts keep their bookkeeping in entries that begin with a dot; those are not ours. */
async function findJobFolder(folder: string, isThere: boolean): Promise<JobFolder> {
  const listed = isThere ? await list(folder) : [];
  if (typeof listed === "string") {
    return { jobs: [], issues: [fileIssue(shownPath(folder), listed)] };
  }
  const visible = listed.filter(name => !name.startsWith("."));
  const jobs = visible
    .filter(name => EXTENSIONS.includes(path.extname(name)))
    .map(name => path.join(folder, name));
  return { jobs, issues: [] };
}

/** The names in a directory in a fixed order, or why they cannot be listed. */
async function list(directory: string): Promise<string[] | string> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    return describeFailure(error, "directory");
  }
}

function isConfigFile(name: string, stem: string): boolean {
  return EXTENSIONS.some(extension => name === stem + extension);
}

/** Two files of the same meaning: it is not clear which one counts. */
function oneOnly(directory: string, names: readonly string[]): ConfigIssue[] {
  return names.slice(1).map(name => {
    return fileIssue(
      shownPath(path.join(directory, name)),
      `there is ${names[0]} too: expected only one of them`,
    );
  });
}

export async function isDirectory(entry: string): Promise<boolean> {
  return await stat(entry).then(
    found => found.isDirectory(),
    () => false,
  );
}

export const NOT_UTF8 = "the file is not UTF-8 text";
export const NOT_REGULAR = "it is not a regular file";

/** Far more than any configuration that a replica could parse in time. */
export const MAX_BYTES = 64 * 1024 * 1024;

/** The text of a UTF-8 file without its byte order mark, or why it cannot be read. */
export async function readText(
  file: string,
  limitBytes = MAX_BYTES,
): Promise<{ text: string } | { problem: string }> {
  const read = await readBytes(file, limitBytes);
  if ("problem" in read) return read;
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(read.bytes) };
  } catch {
    return { problem: NOT_UTF8 };
  }
}

/** The bytes of a regular file, or why they cannot be read. A pipe or a device might never end. */
export async function readBytes(
  file: string,
  limitBytes = MAX_BYTES,
): Promise<{ bytes: Uint8Array } | { problem: string }> {
  try {
    const found = await stat(file);
    if (!found.isFile() && !found.isDirectory()) return { problem: NOT_REGULAR };
    if (found.size > limitBytes) {
      return { problem: `the file has ${found.size} bytes: expected at most ${limitBytes}` };
    }
    return { bytes: await readFile(file) };
  } catch (error) {
    return { problem: describeFailure(error, "file") };
  }
}

/** Why a file or a directory cannot be read, from what the system said. */
export function describeFailure(error: unknown, expected: "file" | "directory"): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return `there is no such ${expected}`;
  if (code === "EISDIR") return "found a directory, expected a file";
  if (code === "ENOTDIR") return "found a file, expected a directory";
  if (code === "EACCES" || code === "EPERM") return "cannot be read: permission denied";
  if (code === "EMFILE") return "cannot be read: this process has no file descriptor left (EMFILE)";
  if (code === "ENFILE") return "cannot be read: the machine has no file descriptor left (ENFILE)";
  return `cannot be read (${code ?? String(error)})`;
}
