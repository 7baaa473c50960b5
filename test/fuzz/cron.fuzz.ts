import fc from "fast-check";
import { parseInstant } from "../../src/cli/instant.ts";
import { CliFailure } from "../../src/cli/io.ts";
import { formatDuration, parseDuration } from "../../src/config/schemas/duration.ts";
import { createSchedule } from "../../src/schedule/create-schedule.ts";
import type { TickSource } from "../../src/schedule/schedule.ts";
import type { ScheduleSpec } from "../../src/schedule/spec.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { mutatedText } from "./mutations.ts";

const item = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 60 }).map(String) },
  fc.constantFrom(
    "*",
    "?",
    "L",
    "H",
    "H(1-5)",
    "5L",
    "5#3",
    "sun",
    "FRI",
    "jan",
    "mon-fri",
    "sat-sun",
    "60",
    "00",
  ),
  fc.tuple(fc.nat({ max: 31 }), fc.nat({ max: 60 })).map(([from, to]) => `${from}-${to}`),
  fc
    .tuple(fc.constantFrom("*", "0-59", "H", "1", "1-7"), fc.nat({ max: 60 }))
    .map(([range, step]) => `${range}/${step}`),
);
const field = fc.oneof(
  { weight: 3, arbitrary: fc.constant("*") },
  { weight: 4, arbitrary: item },
  fc.array(item, { minLength: 1, maxLength: 40 }).map(items => items.join(",")),
);
const expression = fc.oneof(
  { weight: 6, arbitrary: fc.array(field, { minLength: 5, maxLength: 6 }).map(fields => fields.join(" ")) },
  fc.constantFrom(
    "@daily",
    "@hourly",
    "@reboot",
    "0 0 29 2 *",
    "0 0 31 2 *",
    "0 0 29 2 1#1",
    "59 59 23 31 12 *",
  ),
);
const expressions = fc.oneof({ weight: 4, arbitrary: expression }, mutatedText(expression));

const zone = fc.oneof(
  fc.constantFrom(...Intl.supportedValuesOf("timeZone"), "UTC", "Etc/GMT+12", "+05:30", "-00:00"),
  mutatedText(fc.constantFrom("Europe/Berlin", "America/New_York", "UTC")),
);
const moment = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: Date.UTC(2040, 0) }) },
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
  fc.constantFrom(0, -1, Date.UTC(9998, 11, 31), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const exception = fc.oneof(
  expressions,
  fc.constantFrom("2026-12-24", "2026-12-24T18:00:00Z", "calendar:none", "2026-02-30", "9999-12-31"),
);

const spec = fc.record(
  {
    cron: fc.array(expressions, { minLength: 1, maxLength: 3 }),
    timezone: zone,
    dst: fc.record({ gap: fc.constantFrom("run", "skip"), overlap: fc.constantFrom("first", "both") }),
    startMs: fc.integer({ min: 0, max: Date.UTC(2040, 0) }),
    endMs: fc.integer({ min: 0, max: Date.UTC(2040, 0) }),
    except: fc.array(exception, { maxLength: 3 }),
    jitterMs: fc.oneof(fc.constant(0), fc.nat()),
    seed: fc.string(),
  },
  { requiredKeys: ["cron", "timezone", "dst", "except", "jitterMs", "seed"] },
) satisfies fc.Arbitrary<ScheduleSpec>;

const duration = fc.oneof(
  fc.nat().map(formatDuration),
  mutatedText(fc.constantFrom("1h30m", "250ms", "7d", "99999999999999999999d", "0s")),
);
const instant = mutatedText(
  fc.constantFrom("2026-12-24", "2026-12-24T18:00:00Z", "2026-12-24T18:00", "2026-12-24T18:00:00.25+05:45"),
);

export const cronTarget = fuzzTarget({
  name: "cron",
  inputs: fc.record({ spec, moment, duration, instant }),
  check({ spec, moment, duration, instant }) {
    const created = createSchedule(spec);
    if (created.ok) checkWalk(created.schedule, moment);
    else if (created.issues.some(({ problem }) => problem === "")) throw new Error("a problem without words");
    checkDuration(duration);
    checkInstant(instant);
  },
});

/** Forwards and backwards one comes by the same ticks. */
function checkWalk(source: TickSource, fromMs: number): void {
  let after = fromMs;
  for (let step = 0; step < 3; step++) {
    const tick = source.next(after);
    if (tick === null) break;
    if (!(tick.at > after)) throw new Error(`next(${after}) is ${tick.at}`);
    if (source.previous(tick.at)?.at !== tick.at) throw new Error(`previous(${tick.at}) is not that tick`);
    const before = source.previous(tick.at - 1);
    if (before !== null && before.at > after) throw new Error(`next(${after}) passes over ${before.at}`);
    after = tick.at;
  }
  const last = source.previous(fromMs);
  if (last === null) return;
  if (!(last.at <= fromMs)) throw new Error(`previous(${fromMs}) is ${last.at}`);
  if (source.next(last.at - 1)?.at !== last.at)
    throw new Error(`next(${last.at - 1}) is not previous(${fromMs})`);
}

function checkDuration(text: string): void {
  const ms = parseDuration(text);
  if (ms === null) return;
  if (!(Number.isSafeInteger(ms) && ms >= 0)) throw new Error(`${text} is ${ms} ms`);
  if (parseDuration(formatDuration(ms)) !== ms) throw new Error(`${ms} ms is written ${formatDuration(ms)}`);
}

function checkInstant(text: string): void {
  try {
    new Date(parseInstant("--from", text)).toISOString();
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
  }
}
