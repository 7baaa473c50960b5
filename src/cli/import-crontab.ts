import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { importCrontab, readTz } from "../import/crontab.ts";
import { findUserColumn } from "../import/crontab-users.ts";
import { checkTimezone } from "../schedule/zone.ts";
import { type ImportOptions, printImported, requireTimezone } from "./import-output.ts";
import { CliFailure, EXIT, type Io, whyUnreadable } from "./io.ts";

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
  const { text, isLatin1 } = readableText(await readInput(file, io), name);
  if (isLatin1) io.err(`${name}: it is not UTF-8, and is read as Latin-1\n`);
  const timezone = options.timezone === undefined ? localTimezone(io) : requireTimezone(options.timezone);
  const imported = importCrontab({
    file: name,
    text,
    isSystem: options.system ?? hasUsers(text, name, io),
    timezone,
    queue: options.queue ?? null,
  });
  if (imported.jobs.length === 0 && imported.notes.length === 0)
    throw new CliFailure(`${name}: there is no job in it`);
  return printImported(imported, options, io);
}

/** Whether the lines name users, where the options do not say so. */
function hasUsers(text: string, name: string, io: Io): boolean {
  const column = findUserColumn(text);
  if (column.outcome === "unclear") {
    const question = `is ${column.word} a user, as in /etc/crontab, or a command?`;
    throw new CliFailure(`${name}:${column.line}: ${question} Add --system or --no-system`, EXIT.usage);
  }
  if (column.outcome === "users")
    io.err(
      `${name}: its lines begin with users (${column.users.join(", ")}): read with --system (--no-system)\n`,
    );
  return column.outcome === "users";
}

/** Cron goes by the clock of its machine, which is most likely this one. */
function localTimezone(io: Io): string {
  const written = readTz(io.env["TZ"] ?? "");
  // Node.js knows no zone for some forms of TZ, and takes ICU's abbreviations for others.
  const local = written === "local" ? machineTimezone(io.env["TZ"]) : written.name;
  const problem = checkTimezone(local);
  if (problem !== null)
    throw new CliFailure(`the zone of this machine: ${problem}. Name it with --timezone`, EXIT.usage);
  io.err(`times are read in ${local}, the zone of this machine (--timezone)\n`);
  return local;
}

function machineTimezone(tz: string | undefined): string {
  if (tz === undefined) return Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    const written = readTz(realpathSync("/etc/localtime"));
    return written === "local" ? "UTC" : written.name;
  } catch {
    return "UTC";
  }
}

async function readInput(file: string, io: Io): Promise<Buffer> {
  if (file === "-") return await buffer(process.stdin);
  try {
    return await readFile(path.resolve(io.cwd, file));
  } catch (error) {
    throw new CliFailure(`${file}: ${whyUnreadable(error)}`, EXIT.usage);
  }
}

function readableText(bytes: Buffer, name: string): { text: string; isLatin1: boolean } {
  if (bytes.includes(0)) throw new CliFailure(`${name}: it is not a text, expected a crontab`, EXIT.usage);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), isLatin1: false };
  } catch {
    return { text: new TextDecoder("latin1").decode(bytes), isLatin1: true };
  }
}
