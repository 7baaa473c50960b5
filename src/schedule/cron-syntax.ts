/**
 * The grammar of a cron expression, checked before cron-parser sees it. cron-parser 5.10 accepts mistakes:
 * `''` and `* * *` are "every minute", `janfeb` is December, a step of 90 minutes is "at minute 0". Its messages do not
 * name the field. Expressions that pass hold only digits, `*`, `-`, `/`, `L`, `#` and `H`.
 */

export interface CronSyntax {
  /** Six normalised fields, seconds first; each is a list of items. */
  readonly fields: readonly (readonly string[])[];
  /** False for the five-field form, whose ticks fall on second 0. */
  readonly hasSeconds: boolean;
  /** True when a field is hashed, so that the ticks depend on the seed. */
  readonly isHashed: boolean;
}

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
  /** What a bare `H` is hashed into. Days stop at 28, which every month has; cron-parser would give 29 to 31 too. */
  readonly hashRange: string;
}

const MONTHS = ["-", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const SECOND: FieldRule = { name: "second", min: 0, max: 59, size: 60, hashRange: "H(0-59)" };
const MINUTE: FieldRule = { name: "minute", min: 0, max: 59, size: 60, hashRange: "H(0-59)" };
const HOUR: FieldRule = { name: "hour", min: 0, max: 23, size: 24, hashRange: "H(0-23)" };
const DAY: FieldRule = { name: "day of month", min: 1, max: 31, size: 31, hashRange: "H(1-28)" };
const MONTH: FieldRule = { name: "month", min: 1, max: 12, size: 12, names: MONTHS, hashRange: "H(1-12)" };
const WEEKDAY: FieldRule = {
  name: "day of week",
  min: 0,
  max: 7,
  size: 7,
  names: WEEKDAYS,
  hashRange: "H(0-6)",
};
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
  const rules = hasSeconds ? FIELD_RULES : FIELD_RULES.slice(1);
  const fields: string[][] = hasSeconds ? [] : [["0"]];
  for (const [index, rule] of rules.entries()) {
    const field = parseField(written[index] ?? "", rule);
    if (typeof field === "string") return refuse(field);
    fields.push(field.items);
  }
  const isHashed = fields.some(items => items.some(item => item.startsWith("H")));
  return { ok: true, syntax: { fields, hasSeconds, isHashed } };
}

/** What other crons have and this grammar does not, with what to write instead; null for anything else. */
function foreignForm(text: string): string | null {
  const [, zone] = /^(?:CRON_)?TZ=(\S+)\s/.exec(text) ?? [];
  if (zone !== undefined)
    return `the zone does not stand in the expression: write timezone: ${zone} beside it`;
  const [, period] = /^@every\s+(\S+)$/.exec(text) ?? [];
  if (period !== undefined) return `@every is a key of its own here: write every: ${period} instead of cron`;
  const broken = text.split(/\s+/).find(field => /^[,/-]|[,/-]$/.test(field));
  if (broken !== undefined && text.includes(" "))
    return `"${broken}" is a part of a field: a list, range or step is written without blanks, as in 1,15`;
  return null;
}

/** The normalised items of a field, or the problem with it. */
function parseField(text: string, rule: FieldRule): { items: string[] } | string {
  const items: string[] = [];
  for (const written of text.split(",")) {
    const item = parseItem(written, rule);
    if ("problem" in item) return `${rule.name} "${text}": ${item.problem}`;
    items.push(item.item);
  }
  if (items.length > 1 && text.includes("?")) return `${rule.name} "${text}": ? must stand alone`;
  return { items };
}

type Item = { readonly item: string } | { readonly problem: string };

function parseItem(text: string, rule: FieldRule): Item {
  if (text === "") return { problem: "a list item is empty" };
  const [range = "", step, ...rest] = text.split("/");
  if (rest.length > 0) return { problem: `"${text}" has more than one step` };
  const special = parseSpecial(range, rule);
  if (special !== null) {
    return step === undefined || "problem" in special ? special : { problem: `${range} takes no step` };
  }
  const parsed = range === "*" ? { item: "*" } : (parseHash(range, rule) ?? parseRange(range, rule));
  if ("problem" in parsed || step === undefined) return parsed;
  if (!/^\d{1,4}$/.test(step) || Number(step) < 1 || Number(step) > rule.size) {
    return { problem: `step "${step}" is not a number from 1 to ${rule.size}` };
  }
  return { item: `${parsed.item}/${Number(step)}` };
}

/** `?`, `L`, `5L` and `5#3`, or null when the item is none of them. */
function parseSpecial(text: string, rule: FieldRule): Item | null {
  const isDay = rule === DAY || rule === WEEKDAY;
  if (rule === DAY && /^L-\d+$/.test(text))
    return {
      problem: `${text} is not supported: only L, the last day, is counted from the end of the month`,
    };
  if (rule === DAY && /^(\d+|L)W$/i.test(text))
    return { problem: `${text}, the nearest working day, is not supported: name days or days of the week` };
  if (text === "?") return isDay ? { item: "*" } : { problem: "? is for the day fields only; write *" };
  if (rule === DAY && text === "L") return { item: "L" };
  if (rule !== WEEKDAY) return null;
  if (text === "L") return { problem: "L needs a weekday in front: 5L is the last Friday of the month" };
  const [, day = "", suffix = ""] = /^(\w+?)(L|#.*)$/.exec(text) ?? [];
  if (suffix === "" || day === "") return null;
  const value = parseValue(day, rule);
  if ("problem" in value) return value;
  if (suffix !== "L" && !/^#[1-5]$/.test(suffix)) {
    return { problem: `"${text}": expected a weekday, # and 1 to 5, as in 5#3 for the third Friday` };
  }
  return { item: `${value.value % 7}${suffix}` };
}

/** `H` and `H(a-b)`, or null when the item is neither. */
function parseHash(text: string, rule: FieldRule): Item | null {
  if (text === "H") return { item: rule.hashRange };
  const bounds = /^H\((.*)\)$/.exec(text)?.[1];
  if (bounds === undefined) return null;
  if (!bounds.includes("-")) return { problem: `"${text}": expected two bounds, as in ${rule.hashRange}` };
  const range = parseRange(bounds, rule);
  return "problem" in range ? range : { item: `H(${range.item})` };
}

/** `5`, `mon`, `1-5` and `mon-fri`. */
function parseRange(text: string, rule: FieldRule): Item {
  const [from = "", to, ...rest] = text.split("-");
  if (rest.length > 0) return { problem: `"${text}" is not a range: expected two values` };
  const first = parseValue(from, rule);
  if ("problem" in first) return first;
  if (to === undefined) return { item: String(first.value) };
  const isToSunday = rule === WEEKDAY && to.toLowerCase() === "sun";
  // Weeks may end on Sunday: fri-sun is 5-7. But sun-sun is one day.
  const last = isToSunday ? { value: first.value === 0 ? 0 : 7 } : parseValue(to, rule);
  if ("problem" in last) return last;
  if (rule === WEEKDAY && from.toLowerCase() === "sun" && last.value === 7) {
    return { problem: `"${text}" runs from Sunday to Sunday: write sun for that day, or * for every day` };
  }
  if (first.value > last.value) {
    return {
      problem: `"${text}" runs backwards: write ${from}-${rule.max},${rule.min}-${to} to go past the end`,
    };
  }
  return { item: `${first.value}-${last.value}` };
}

function parseValue(text: string, rule: FieldRule): { value: number } | { problem: string } {
  if (text === "") return { problem: "a value is missing" };
  const named = rule.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return { value: named };
  const expected = `${rule.min}-${rule.max}${rule.names === undefined ? "" : ` or ${nameSpan(rule.names)}`}`;
  if (!/^\d{1,4}$/.test(text)) return { problem: `"${text}" is not a value: expected ${expected}` };
  const value = Number(text);
  if (value < rule.min || value > rule.max) return { problem: `${value} is outside ${expected}` };
  return { value };
}

function nameSpan(names: readonly string[]): string {
  return `${names.find(name => name !== "-")}-${names.at(-1)}`;
}

function refuse(problem: string): CronSyntaxResult {
  return { ok: false, problem };
}
