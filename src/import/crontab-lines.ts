/** What one line of a crontab says, by the rules of Vixie's cron and cronie. */
export type CrontabLine =
  | { readonly kind: "nothing" }
  | { readonly kind: "variable"; readonly name: string; readonly value: string }
  | CrontabEntry
  | { readonly kind: "broken"; readonly problem: string };

export interface CrontabEntry {
  readonly kind: "entry";
  /** Five fields, or a name like `@daily`. */
  readonly schedule: string;
  /** In a system crontab. */
  readonly user: string | null;
  /** For the shell: what is before the first `%` that no backslash protects. */
  readonly command: string;
  /** What the command reads: the rest, where `%` ends lines; null without one. */
  readonly stdin: string | null;
}

const VARIABLE = /^("[^"]*"|'[^']*'|[^\s="']+)\s*=\s*(\S.*)?$/;
/** What a schedule with seconds, or an anacrontab, leaves in front of the command. No program has such a name. */
const LIKE_A_FIELD = /^(\*\S*|\?|\d+(?:[-,/]\d+)*|(?:mon|tue|wed|thu|fri|sat|sun)(?:[-,][a-z]{3})+)\s+\S/i;
const WORD_AND_REST = /^(\S+)(?:\s+(\S.*)?)?$/;
const FIVE_FIELDS = /^((?:\S+\s+){4}\S+)(?:\s+(\S.*)?)?$/;

export function parseCrontabLine(written: string, isSystem: boolean): CrontabLine {
  const line = written.trim();
  if (line === "" || line.startsWith("#")) return { kind: "nothing" };
  const [, name = "", value = ""] = VARIABLE.exec(line) ?? [];
  if (name !== "") return { kind: "variable", name: unquote(name), value: unquote(value) };
  // A dash in front only keeps cronie from logging.
  const entry = line.replace(/^-(?=[\d*@])/, "");
  const [, schedule, rest = ""] = entry.startsWith("@")
    ? (WORD_AND_REST.exec(entry) ?? [])
    : splitFields(entry);
  if (schedule === undefined) {
    const count = entry.split(/\s+/).length;
    return {
      kind: "broken",
      problem: `found ${count} ${count === 1 ? "word" : "words"}, expected five fields and a command, @daily and a command, or NAME=value`,
    };
  }
  return isSystem ? parseSystemRest(schedule, rest) : entryOf(schedule, null, rest);
}

function splitFields(entry: string): readonly (string | undefined)[] {
  return FIVE_FIELDS.exec(entry) ?? [];
}

function parseSystemRest(schedule: string, rest: string): CrontabLine {
  const [, user = "", command = ""] = WORD_AND_REST.exec(rest) ?? [];
  if (user !== "" && (!isUserName(user) || command.startsWith("-"))) {
    const found = isUserName(user) ? `${user} ${command.split(/\s/)[0]}` : user;
    return { kind: "broken", problem: `found ${found} for the user: expected its name, or no --system` };
  }
  return entryOf(schedule, user, command);
}

/** A user, as `crontab(5)` has it; with a group or login class on BSD. */
const USER = /^[a-z_][\w.-]*\$?([:/][\w.-]+)*$/i;

export function isUserName(word: string): boolean {
  return USER.test(word);
}

function entryOf(schedule: string, user: string | null, text: string): CrontabLine {
  const [command = "", ...inputs] = splitAtPercents(text);
  if (command.trim() === "") {
    const columns = user === null ? "the fields" : "the fields and the user";
    return { kind: "broken", problem: `found nothing behind ${columns}, expected a command` };
  }
  const [, field] = LIKE_A_FIELD.exec(command) ?? [];
  if (field !== undefined) {
    return {
      kind: "broken",
      problem: `the command would be \`${field} …\`, which looks like a field of a schedule: cron has five fields and no seconds, and an anacrontab is another format`,
    };
  }
  const input = inputs.join("\n");
  const stdin = inputs.length === 0 ? null : input === "" || input.endsWith("\n") ? input : `${input}\n`;
  return { kind: "entry", schedule, user, command, stdin };
}

/** `\%` is a `%`; before anything else a backslash stays, and what it protects is no end. */
function splitAtPercents(text: string): string[] {
  const parts = [""];
  for (const [piece] of text.matchAll(/\\.|[^\\]|\\$/gs)) {
    if (piece === "%") parts.push("");
    else parts.push(`${parts.pop() ?? ""}${piece === "\\%" ? "%" : piece}`);
  }
  return parts;
}

function unquote(text: string): string {
  const trimmed = text.trim();
  return /^(["']).*\1$/s.test(trimmed) && trimmed.length > 1 ? trimmed.slice(1, -1) : trimmed;
}
