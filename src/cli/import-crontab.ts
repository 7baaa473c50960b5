import { readFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { importCrontab } from "../import/crontab.ts";
import { type ImportOptions, printImported, requireTimezone } from "./import-output.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export interface ImportCrontabOptions extends ImportOptions {
  readonly system?: boolean;
  readonly timezone?: string;
  readonly queue?: string;
}

/**
 * Prints a jobs.yaml that does what a crontab does; what has to be said about it goes to stderr and, as comments,
 * into the file. Resolves with 1 when a line could not be carried over, and the rest is printed all the same.
 */
export async function importCrontabFile(
  file: string,
  options: ImportCrontabOptions,
  io: Io,
): Promise<number> {
  const name = file === "-" ? "stdin" : file;
  const text = readableText(await readInput(file, io), name);
  const timezone = options.timezone === undefined ? localTimezone(io) : requireTimezone(options.timezone);
  const imported = importCrontab({
    file: name,
    text,
    isSystem: options.system ?? false,
    timezone,
    queue: options.queue ?? null,
  });
  if (imported.jobs.length === 0 && imported.notes.length === 0)
    throw new CliFailure(`${name}: there is no job in it`);
  return printImported(imported, options, io);
}

/** Cron goes by the clock of its machine, which is most likely this one. */
function localTimezone(io: Io): string {
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  io.err(`times are read in ${local}, the zone of this machine (--timezone)\n`);
  return local;
}

async function readInput(file: string, io: Io): Promise<Buffer> {
  if (file === "-") return await buffer(process.stdin);
  try {
    return await readFile(path.resolve(io.cwd, file));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder, expected a file",
      EACCES: "it may not be read",
    };
    throw new CliFailure(`${file}: ${why[code] ?? code}`, EXIT.usage);
  }
}

function readableText(bytes: Buffer, name: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Told below, as text with a NUL in it is.
  }
  throw new CliFailure(`${name}: it is not a text, expected a crontab`, EXIT.usage);
}
