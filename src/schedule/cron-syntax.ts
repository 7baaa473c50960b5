/**
 * The grammar of a cron expression. It is ours, because libraries accept mistakes: to cron-parser 5.10 `''` and `* * *` are
 * "every minute", `janfeb` is December, and a step of 90 minutes is "at minute 0". Their messages do not name the field.
 */

export interface CronSyntax {
  /** Six fields, seconds first; each is a list of items. */
  readonly fields: readonly (readonly CronItem[])[];
  /** False for the five-field form, whose ticks fall on second 0. */
  readonly hasSeconds: boolean;
  /** True when a field is hashed, so that the ticks depend on the seed. */
  readonly isHashed: boolean;
  /** The hour field begins with `*`. */
  readonly isAnyHour: boolean;
}

export type CronItem =
  /** `from`, `from + step`, … up to `to`; of weekdays 0 and 7 are Sunday. */
  | { readonly kind: "values"; readonly from: number; readonly to: number; readonly step: number }
  /** `H`: the seed picks one of the values; with a step it picks where the steps begin. */
  | { readonly kind: "hashed"; readonly from: number; readonly to: number; readonly step: number | null }
  | { readonly kind: "last-day" }
  /** `5L` and `5#3`; 0 is Sunday. */
  | { readonly kind: "last-weekday"; readonly weekday: number }
  | { readonly kind: "nth-weekday"; readonly weekday: number; readonly nth: number };

export type CronSyntaxResult =
  | { readonly ok: true; readonly syntax: CronSyntax }
  | { readonly ok: false; readonly problem: string };

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** How many different values there are; a longer step would match the first one only. */
  readonly size: number;
  readonly names?: readonly string[];
  /** The end of what a bare `H` is hashed into. Days stop at 28, which every month has. */
  readonly hashMax: number;
}

const MONTHS = ["-", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const SECOND: FieldRule = { name: "second", min: 0, max: 59, size: 60, hashMax: 59 };
const MINUTE: FieldRule = { name: "minute", min: 0, max: 59, size: 60, hashMax: 59 };
const HOUR: FieldRule = { name: "hour", min: 0, max: 23, size: 24, hashMax: 23 };
const DAY: FieldRule = { name: "day of month", min: 1, max: 31, size: 31, hashMax: 28 };
const MONTH: FieldRule = { name: "month", min: 1, max: 12, size: 12, names: MONTHS, hashMax: 12 };
const WEEKDAY: FieldRule = { name: "day of week", min: 0, max: 7, size: 7, names: WEEKDAYS, hashMax: 6 };
const FIELD_RULES = [SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY];

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

const EXPECTED_FIELDS = "expected 5 (minute, hour, day of month, month, day of week) or 6 with seconds first";

/** What is wrong with a field. */
class FieldProblem extends Error {}

/** Splits and checks `text`. The problem says what was found and what was expected, without repeating the whole text. */
export function parseCronSyntax(text: string): CronSyntaxResult {
  const trimmed = text.trim();
  const foreign = foreignForm(trimmed);
  if (foreign !== null) return refuse(foreign);
  if (trimmed.startsWith("@") && !ALIASES.has(trimmed)) {
    return refuse(`${trimmed} is not known: expected ${[...ALIASES.keys()].join(", ")} or fields`);
  }
  const expression = ALIASES.get(trimmed) ?? trimmed;
  const written = expression === "" ? [] : expression.split(/\s+/);
  if (written.length !== 5 && written.length !== 6) {
    return refuse(`found ${written.length} ${written.length === 1 ? "field" : "fields"}: ${EXPECTED_FIELDS}`);
  }
  const hasSeconds = written.length === 6;
  const fields: CronItem[][] = [];
  for (const [index, field] of (hasSeconds ? written : ["0", ...written]).entries()) {
    const rule = FIELD_RULES[index] ?? SECOND;
    try {
      fields.push(parseField(field, rule));
    } catch (error) {
      if (!(error instanceof FieldProblem)) throw error;
      return refuse(`${rule.name} "${field}": ${error.message}`);
    }
  }
  const isHashed = fields.flat().some(item => item.kind === "hashed");
  const isAnyHour = written.at(-4)?.startsWith("*") ?? false;
  return { ok: true, syntax: { fields, hasSeconds, isHashed, isAnyHour } };
}

/** What other crons have and this grammar does not, with what to write instead; null for anything else. */
function foreignForm(text: string): string | null {
  const [, zone] = /^(?:CRON_)?TZ=(\S+)\s/.exec(text) ?? [];
  if (zone !== undefined)
    return `the zone does not stand in the expression: write timezone: ${zone} beside it`;
  const [, period] = /^@every\s+(\S+)$/.exec(text) ?? [];
  if (period !== undefined) return `@every is a key of its own here: write every: ${period} instead of cron`;
  const fields = text.split(/\s+/);
  // There the day fields are the third and the fifth, and one of them is a question mark.
  if (/^(cron|rate)\(.*\)$/.test(text) || (fields.length === 6 && (fields[2] === "?" || fields[4] === "?")))
    return "it looks like EventBridge, whose sixth field is the year: write five fields, with names for days of the week (1 is Sunday there), or every instead of rate";
  if (fields.some(field => field.includes("~")))
    return "~ is a random value of cronie: write H, which is always the same for a job's name, as in H(0-29)";
  const broken = fields.find(field => /^[,/-]|[,/-]$/.test(field));
  if (broken !== undefined && text.includes(" "))
    return `"${broken}" is a part of a field: a list, range or step is written without blanks, as in 1,15`;
  return null;
}

function parseField(text: string, rule: FieldRule): CronItem[] {
  const items = text.split(",").map(item => parseItem(item, rule));
  if (items.length > 1 && text.includes("?")) throw new FieldProblem("? must stand alone");
  return items;
}

function parseItem(text: string, rule: FieldRule): CronItem {
  if (text === "") throw new FieldProblem("a list item is empty");
  const [range = "", step, ...rest] = text.split("/");
  if (rest.length > 0) throw new FieldProblem(`"${text}" has more than one step`);
  const special = parseSpecial(range, rule);
  if (special !== null) {
    if (step !== undefined) throw new FieldProblem(`${range} takes no step`);
    return special;
  }
  const hashed = parseHash(range, rule);
  const [from, to] = hashed ?? parseRange(range, rule);
  if (step !== undefined && (!/^\d{1,4}$/.test(step) || Number(step) < 1 || Number(step) > rule.size)) {
    throw new FieldProblem(`step "${step}" is not a number from 1 to ${rule.size}`);
  }
  if (hashed !== null)
    return { kind: "hashed", from, to: to ?? from, step: step === undefined ? null : Number(step) };
  // A step behind a single value runs to the end of the field.
  return { kind: "values", from, to: to ?? (step === undefined ? from : rule.max), step: Number(step ?? 1) };
}

/** `?`, `L`, `5L` and `5#3`, or null when the item is none of them. */
function parseSpecial(text: string, rule: FieldRule): CronItem | null {
  if (rule === DAY && /^L-\d+$/.test(text)) {
    throw new FieldProblem(
      `${text} is not supported: only L, the last day, is counted from the end of the month`,
    );
  }
  if (rule === DAY && /^(\d+|L)W$/i.test(text)) {
    throw new FieldProblem(
      `${text}, the nearest working day, is not supported: name days or days of the week`,
    );
  }
  if (text === "?") {
    if (rule !== DAY && rule !== WEEKDAY) throw new FieldProblem("? is for the day fields only; write *");
    return { kind: "values", from: rule.min, to: rule.max, step: 1 };
  }
  if (rule === DAY && text === "L") return { kind: "last-day" };
  if (rule !== WEEKDAY) return null;
  if (text === "L") throw new FieldProblem("L needs a weekday in front: 5L is the last Friday of the month");
  const [, day = "", suffix = ""] = /^(\w+?)(L|#.*)$/.exec(text) ?? [];
  if (suffix === "" || day === "") return null;
  const weekday = parseValue(day, rule) % 7;
  if (suffix === "L") return { kind: "last-weekday", weekday };
  if (!/^#[1-5]$/.test(suffix)) {
    throw new FieldProblem(`"${text}": expected a weekday, # and 1 to 5, as in 5#3 for the third Friday`);
  }
  return { kind: "nth-weekday", weekday, nth: Number(suffix[1]) };
}

type Range = readonly [from: number, to?: number];

/** `H` and `H(a-b)`, or null when the item is neither. */
function parseHash(text: string, rule: FieldRule): Range | null {
  if (text === "H") return [rule.min, rule.hashMax];
  const bounds = /^H\((.*)\)$/.exec(text)?.[1];
  if (bounds === undefined) return null;
  if (bounds.includes("-")) return parseRange(bounds, rule);
  throw new FieldProblem(`"${text}": expected two bounds, as in H(${rule.min}-${rule.hashMax})`);
}

/** `*`, `5`, `mon`, `1-5` and `mon-fri`. */
function parseRange(text: string, rule: FieldRule): Range {
  if (text === "*") return [rule.min, rule.max];
  const [from = "", to, ...rest] = text.split("-");
  if (rest.length > 0) throw new FieldProblem(`"${text}" is not a range: expected two values`);
  const first = parseValue(from, rule);
  if (to === undefined) return [first];
  const isToSunday = rule === WEEKDAY && to.toLowerCase() === "sun";
  // Weeks may end on Sunday: fri-sun is 5-7. But sun-sun is one day.
  const last = isToSunday ? (first === 0 ? 0 : 7) : parseValue(to, rule);
  if (rule === WEEKDAY && from.toLowerCase() === "sun" && last === 7) {
    throw new FieldProblem(
      `"${text}" runs from Sunday to Sunday: write sun for that day, or * for every day`,
    );
  }
  if (first > last) {
    throw new FieldProblem(
      `"${text}" runs backwards: write ${from}-${rule.max},${rule.min}-${to} to go past the end`,
    );
  }
  return [first, last];
}

function parseValue(text: string, rule: FieldRule): number {
  if (text === "") throw new FieldProblem("a value is missing");
  const named = rule.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named;
  const expected = `${rule.min}-${rule.max}${rule.names === undefined ? "" : ` or ${nameSpan(rule.names)}`}`;
  if (!/^\d{1,4}$/.test(text)) throw new FieldProblem(`"${text}" is not a value: expected ${expected}`);
  const value = Number(text);
  if (value < rule.min || value > rule.max) throw new FieldProblem(`${value} is outside ${expected}`);
  return value;
}

function nameSpan(names: readonly string[]): string {
  return `${names.find(name => name !== "-")}-${names.at(-1)}`;
}

function refuse(problem: string): CronSyntaxResult {
  return { ok: false, problem };
}
