import { checkTimezone } from "../schedule/zone.ts";
import { type CrontabEntry, parseCrontabLine } from "./crontab-lines.ts";
import { toCrontabSchedule } from "./crontab-schedule.ts";
import type { ImportedJob, ImportedJobs, ImportNote } from "./imported-jobs.ts";
import { JobNames, nameOfCommand } from "./job-names.ts";

export interface CrontabOptions {
  /** What the crontab is called in notes. */
  readonly file: string;
  readonly text: string;
  /** A sixth column names the user, as in /etc/crontab. */
  readonly isSystem: boolean;
  /** Of jobs without a CRON_TZ above them. */
  readonly timezone: string;
  readonly queue: string | null;
}

/** Turns a crontab into jobs that do the same. */
export function importCrontab(options: CrontabOptions): ImportedJobs {
  const reader = new CrontabReader(options);
  for (const [index, line] of options.text.split(/\r?\n/).entries()) reader.read(line, index + 1);
  return reader.result();
}

/** Variables hold for the lines below them. */
class CrontabReader {
  readonly #options: CrontabOptions;
  readonly #names = new JobNames();
  readonly #jobs: ImportedJob[] = [];
  readonly #notes: ImportNote[] = [];
  readonly #users = new Map<string, number[]>();
  readonly #variables = new Map<string, string>();

  constructor(options: CrontabOptions) {
    this.#options = options;
  }

  read(text: string, number: number): void {
    const line = parseCrontabLine(text, this.#options.isSystem);
    const place = `${this.#options.file}:${number}`;
    if (line.kind === "broken") this.#notes.push({ place, text: line.problem, isLost: true });
    if (line.kind === "variable") this.#readVariable(line.name, line.value, place);
    if (line.kind !== "entry") return;
    if (/^@reboot$/i.test(line.schedule)) {
      const reason =
        "@reboot is no time, and replicas start and end all the time: start it with the container";
      this.#notes.push({ place, text: reason, isLost: true });
      return;
    }
    if (line.user !== null) this.#users.set(line.user, [...(this.#users.get(line.user) ?? []), number]);
    this.#jobs.push(this.#jobOf(line, place, text.trim()));
  }

  result(): ImportedJobs {
    const { file, timezone, queue } = this.#options;
    const users = [...this.#users].map(([user, lines]) => ({
      place: `${file}:${lines.join(",")}`,
      text: `ran as ${user}; here commands run as the user of the replica`,
      isLost: false,
    }));
    return {
      head: [
        `Made from ${file} by bellwether import crontab.`,
        "Commands start in the working folder of the replica (cwd), not in a user's home; with its PATH.",
        "catchUp: none is like cron, which forgets what was due while it did not run; latest would run it late.",
      ],
      defaults: { timezone, queue: queue ?? undefined, catchUp: "none" },
      jobs: this.#jobs,
      notes: [...this.#notes, ...users],
    };
  }

  #readVariable(name: string, value: string, place: string): void {
    this.#variables.set(name, value);
    const text = noteOnVariable(name, value);
    if (text !== null) this.#notes.push({ place, text, isLost: false });
  }

  #jobOf(entry: CrontabEntry, place: string, source: string): ImportedJob {
    const written = readTz(this.#variables.get("CRON_TZ") ?? "");
    const zone = written === "local" ? undefined : written.name;
    const { notes, ...schedule } = toCrontabSchedule(entry.schedule, zone ?? this.#options.timezone);
    const delay = Number(this.#variables.get("RANDOM_DELAY") ?? 0);
    const definition = {
      ...schedule,
      timezone: zone,
      jitter: delay > 0 ? `${delay}m` : undefined,
      command: this.#commandOf(entry),
    };
    return { name: this.#names.take(nameOfCommand(entry.command)), place, source, definition, notes };
  }

  #commandOf({ command, stdin }: CrontabEntry): unknown {
    const shell = this.#variables.get("SHELL") ?? (this.#variables.has("PATH") ? "/bin/sh" : "sh");
    const cwd = this.#variables.get("HOME");
    const variables = [...this.#variables].filter(([name]) => !CRONS_OWN.test(name));
    const argv = [shell, "-c", command];
    if (cwd === undefined && variables.length === 0 && stdin === null) return argv;
    const env = variables.length === 0 ? undefined : Object.fromEntries(variables);
    return { argv, cwd, env, stdin: stdin ?? undefined };
  }
}

/** Read by cron itself. */
const CRONS_OWN =
  /^(MAILTO|MAILFROM|CONTENT_TYPE|CONTENT_TRANSFER_ENCODING|CRON_TZ|RANDOM_DELAY|SHELL|LOGNAME)$/;

/** What a variable did in cron that it does not do here, or null. */
function noteOnVariable(name: string, value: string): string | null {
  if (name === "MAILTO" && value !== "")
    return "MAILTO: no mail is sent; output goes to the log, and run.failed is the event to alert on";
  if (name === "CRON_TZ") {
    const zone = readTz(value);
    if (zone !== "local" && checkTimezone(zone.name) !== null)
      return `CRON_TZ: ${zone.name} is not a time zone here; cron itself takes UTC for one that it does not know`;
  }
  if (name === "TZ")
    return "TZ is the zone of what the commands print, in cron too; CRON_TZ or --timezone set that of the schedule";
  return null;
}

/** What a TZ or CRON_TZ says: the name of a zone, or that it is the one of the machine. */
export type WrittenZone = { readonly name: string } | "local";

/** POSIX's `CET-1`, `<+03>-3` and `UTC+5`: an offset that never changes, in hours to the west of Greenwich. */
const POSIX_OFFSET = /^(?:[a-z]{3,}|<[a-z0-9+-]{3,}>)([+-]?)0?(\d{1,2})(?::?00){0,2}$/i;

/**
 * Reads the forms that the C library takes: a name, with or without a colon, the path of a zone's file, and POSIX's
 * strings with whole hours. Those that change with the seasons are left as they are, and are no zone here.
 */
export function readTz(text: string): WrittenZone {
  const written = text.trim().replace(/^:/, "");
  if (written === "" || written === "/etc/localtime") return "local";
  const name = (/\/zoneinfo\/(.+)/s.exec(written)?.[1] ?? written).replace(/^(posix|right)\//, "");
  return { name: zoneOfOffset(name) ?? name };
}

function zoneOfOffset(posix: string): string | null {
  const [, sign = "", hours] = POSIX_OFFSET.exec(posix) ?? [];
  if (hours === undefined) return null;
  if (Number(hours) === 0) return "UTC";
  const zone = `Etc/GMT${sign === "-" ? "-" : "+"}${Number(hours)}`;
  return checkTimezone(zone) === null ? zone : null;
}
