import fc from "fast-check";
import { EntryPrinter } from "../../src/cli/logs/entry-printer.ts";
import { EntrySorter } from "../../src/cli/logs/entry-sorter.ts";
import { HandoffOrder } from "../../src/cli/logs/handoff-order.ts";
import { renderHandoffs } from "../../src/cli/logs/handoff-table.ts";
import { Handoffs } from "../../src/cli/logs/handoffs.ts";
import { readEntries } from "../../src/cli/logs/read-entries.ts";
import { EVENT_RULES } from "../../src/event-rules.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { mutatedText, SNIPPETS } from "./mutations.ts";

const LEADER_EVENTS = [
  "leader.elected",
  "leader.observed",
  "leader.resigned",
  "leader.lost",
  "tick.launched",
];
const text = fc.oneof(fc.constantFrom("a", "b", ...SNIPPETS), fc.string({ unit: "binary", maxLength: 20 }));
const instant = fc.oneof(
  fc.constantFrom(
    "2026-11-28T07:54:05.367Z",
    "2026-11-28T07:54:06.000Z",
    "-271821-04-20T00:00:00.000Z",
    0,
    1e300,
  ),
  text,
);
const number = fc.oneof(fc.nat({ max: 5 }), fc.double(), text);
const record = fc
  .record(
    {
      level: fc.oneof(fc.constantFrom("info", "warn"), text),
      time: instant,
      namespace: text,
      replica: text,
      event: fc.oneof(fc.constantFrom(...LEADER_EVENTS, ...Object.keys(EVENT_RULES)), text),
      term: number,
      leader: text,
      previous: fc.option(text),
      reason: text,
      cause: text,
      by: text,
      error: text,
      vacantMs: fc.option(number),
      at: instant,
      run: text,
      lateMs: number,
      runs: fc.anything(),
      mistakes: fc.anything(),
      zones: fc.jsonValue(),
      err: fc.record({ stack: text }),
    },
    { requiredKeys: ["level"] },
  )
  .map(fields => stringify(fields));
const prefix = fc.constantFrom("", "[pod/a/b] ", "a  | ", "2026-11-28T07:54:05.367Z ", "Nov 28 host x: ");
const log = fc.array(
  fc.oneof(
    fc.tuple(prefix, record).map(parts => parts.join("")),
    text,
  ),
  { maxLength: 12 },
);

/** What is no text in JSON, such as a BigInt, is left out. */
function stringify(fields: object): string {
  try {
    return JSON.stringify(fields);
  } catch {
    return "{}";
  }
}

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

async function check(input: string): Promise<void> {
  const printer = new EntryPrinter((_style, part) => part);
  const handoffs = new Handoffs();
  const order = new HandoffOrder();
  const sorter = new EntrySorter({ limitBytes: 2_000 });
  try {
    for await (const parsed of readEntries([{ name: "a.log", chunks: bytesOf(input) }])) {
      printer.expect(parsed);
      if (parsed.record) handoffs.add(parsed.record);
      const entry = order.take(parsed);
      if (entry) await sorter.add(entry);
    }
    for (const entry of order.rest()) await sorter.add(entry);
    let lastMs = Number.NEGATIVE_INFINITY;
    for await (const entry of sorter.sorted()) {
      const atMs = entry.atMs ?? Number.NEGATIVE_INFINITY;
      if (atMs < lastMs) throw new Error(`${atMs} comes after ${lastMs}`);
      lastMs = atMs;
      checkShown(printer.print(entry));
    }
  } finally {
    await sorter.close();
  }
  const rows = handoffs.rows();
  checkShown(renderHandoffs(rows));
  JSON.stringify(rows);
}

function checkShown(shown: string): void {
  const found = CONTROL.exec(shown.replaceAll("\n", ""));
  if (found) throw new Error(`what is shown has a control character: ${JSON.stringify(found[0])}`);
}

async function* bytesOf(input: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(input);
}

export const logsTarget = fuzzTarget({
  name: "logs",
  inputs: fc.oneof(
    log.map(lines => lines.join("\n")),
    mutatedText(log.map(lines => lines.join("\n"))),
  ),
  check,
});
