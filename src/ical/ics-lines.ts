import ICAL from "ical.js";
import { messageOf } from "../errors.ts";
import { IcsError } from "./ics-error.ts";

/*
 * The components of an iCalendar file. ical.js rejects a whole file for one bad line of any kind. So it gets only the
 * lines that say when something takes place, one by one and tidied up.
 */

/** One content line, unfolded. */
export interface IcsLine {
  /** Of its first part in the file, from 1. */
  readonly number: number;
  readonly text: string;
}

export interface IcsComponent {
  /** Upper case. */
  readonly name: string;
  /** Of its BEGIN. */
  readonly line: number;
  readonly lines: IcsLine[];
  readonly children: IcsComponent[];
}

/** Unfolds on the bytes: a fold may be inside of a character (RFC 5545, 3.1). */
function* unfold(bytes: Uint8Array): Generator<IcsLine> {
  // One character for each byte.
  const written = Buffer.from(bytes)
    .toString("latin1")
    .split(/\r\n|\n|\r/);
  let [number, parts] = [1, [] as string[]];
  for (const [index, line] of [...written, ""].entries()) {
    if (/^[ \t]/.test(line) && index < written.length) {
      parts.push(line.slice(1));
      continue;
    }
    const text = decode(parts.join("")).trim();
    if (text !== "") yield { number, text };
    [number, parts] = [index + 1, [line]];
  }
}

/** The two byte order marks, or a first letter of two bytes. */
const UTF16 = /^(\xff\xfe|\xfe\xff|\w\0|\0\w)$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decode(latin1: string): string {
  if (!/[^\0-\x7f]/.test(latin1)) return latin1;
  try {
    return UTF8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    // Only texts can hold such bytes, and of them only names are shown.
    return latin1;
  }
}

/** The VCALENDAR components of a file. */
export function readComponents(bytes: Uint8Array): IcsComponent[] {
  if (UTF16.test(Buffer.from(bytes.subarray(0, 2)).toString("latin1")))
    throw new IcsError("it is UTF-16: expected UTF-8");
  const root: IcsComponent = { name: "", line: 0, lines: [], children: [] };
  const open = [root];
  for (const line of unfold(bytes)) {
    const inner = open.at(-1) ?? root;
    const [, border = "", given = ""] = /^(BEGIN|END)\s*:\s*([\w-]{1,40})$/i.exec(line.text) ?? [];
    const name = given.toUpperCase();
    if (border === "") inner.lines.push(line);
    else if (border.toUpperCase() === "BEGIN") {
      const component = { name, line: line.number, lines: [], children: [] };
      inner.children.push(component);
      open.push(component);
    } else if (inner.name === name) open.pop();
    else throw new IcsError(`END:${name} in line ${line.number} has no BEGIN:${name} before it`);
  }
  const calendars = root.children.filter(({ name }) => name === "VCALENDAR");
  if (calendars.length === 0) throw new IcsError("it is not iCalendar: there is no BEGIN:VCALENDAR");
  const old = calendars.flatMap(({ lines }) =>
    lines.filter(({ text }) => /^VERSION:\s*1\.0$/i.test(text)),
  )[0];
  if (old !== undefined)
    throw new IcsError("vCalendar 1.0 is another format: expected VERSION:2.0", old.number);
  const unfinished = open.at(-1);
  if (unfinished !== undefined && unfinished !== root) {
    throw new IcsError(`it is cut off: BEGIN:${unfinished.name} in line ${unfinished.line} has no END`);
  }
  return calendars;
}

/** What says when something takes place. */
const TIMES =
  /^(DTSTART|DTEND|DURATION|RRULE|EXRULE|RDATE|EXDATE|RECURRENCE-ID|TZOFFSETFROM|TZOFFSETTO)(?![\w-])/i;
const TEXTS = /^(UID|SUMMARY|STATUS|SEQUENCE|TZID)(?![\w-])/i;
/** `EXDATE:` with nothing behind it, which some programs write for none. */
const NO_DATES = /^(RDATE|EXDATE)(;[^:]*)?:\s*$/i;

/** `Duration: two hours`, the second line of a description that is not folded. */
const PROSE = /^[A-Z][a-z]+: /;

const lines = new WeakMap<ICAL.Property, number>();

/** The line in which a property is. */
export function lineOf(property: ICAL.Property): number | null {
  return lines.get(property) ?? null;
}

/** The component with the properties that matter; others may be broken. */
export function parseComponent({ name, lines: written }: IcsComponent): ICAL.Component {
  const component = new ICAL.Component(name.toLowerCase());
  for (const { number, text } of written) {
    const isTime = TIMES.test(text) && !PROSE.test(text);
    if ((!isTime && !TEXTS.test(text)) || NO_DATES.test(text)) continue;
    try {
      const property = ICAL.Property.fromString(isTime ? tidied(text) : text);
      lines.set(property, number);
      // Values are decoded when they are asked for: what is wrong with one belongs to this line.
      property.getValues();
      component.addProperty(property);
    } catch (error) {
      const why = messageOf(error);
      if (isTime) throw new IcsError(`${TIMES.exec(text)?.[1]?.toUpperCase()}: ${why}`, number);
    }
  }
  return component;
}

/** What people call an event, as it is written; empty where it has no name. */
export function summaryOf({ lines: written }: IcsComponent): string {
  return written.flatMap(({ text }) => /^SUMMARY(?:;[^:]*)?:(.*)$/i.exec(text)?.[1] ?? [])[0] ?? "";
}

/** `name;PARAM="a:b":value` in its two halves. */
const HALVES = /^((?:"[^"]*"|[^":])*):(.*)$/s;

/** The line without what is often too much in it: small letters, blanks, separators at an end; and with VALUE=DATE. */
function tidied(text: string): string {
  const [, head = text, given] = HALVES.exec(text) ?? [];
  if (given === undefined) return text;
  const [value = ""] = /^.*[^;,]/.exec(given.replace(/\s+/g, "").toUpperCase()) ?? [];
  const [named = ""] = /^.*[^\s;]/s.exec(head) ?? [];
  const isDay = /^\d{8}(,\d{8})*$/.test(value) && !/;\s*VALUE\s*="?DATE"?(;|$)/i.test(named);
  const ofDays = `${named.replace(/;\s*VALUE\s*=[^;:]*/i, "")};VALUE=DATE`;
  return `${isDay ? ofDays : named}:${value}`;
}
