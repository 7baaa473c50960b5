import fc from "fast-check";
import type { Redis } from "ioredis";
import { SNIPPETS } from "./mutations.ts";

/** The answers of a Redis into which other programs have written. It checks its types itself, but no content. */
export interface Replies {
  readonly streams: readonly (readonly [id: string, fields: readonly string[]])[];
  readonly hash: Readonly<Record<string, string>>;
  readonly strings: readonly (string | null)[];
  readonly leader: readonly (string | null)[];
  /** BullMQ's schedules: keys with times, and the entry beside each. */
  readonly repeat: readonly (readonly [key: string, nextMs: number])[];
}

export const hostileValue = fc.oneof(
  fc.constantFrom(...SNIPPETS, "", "1764000000000", "8640000000000001", "1,2,x", "1764000000000 somebody"),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** A field as it should be, mostly. */
function field(...values: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...values) }, hostileValue);
}

const time = field("0", "1764000000000", "8640000000000000");
const number = field("0", "1", "250", "1.5", "-3");
const name = field("me@host", "a@20261123T070000Z", "");

const decision = fc.record(
  {
    tick: time,
    outcome: field("launched", "skipped", "missed"),
    term: number,
    lateMs: number,
    kind: field("scheduled", "catch-up", "manual", "backfill"),
    run: name,
    reason: name,
    reasonCode: name,
    blockedBy: name,
    by: name,
    from: time,
    count: number,
  },
  { requiredKeys: ["tick", "outcome", "kind", "term", "lateMs"] },
);
const end = fc.record(
  { run: name, result: field("completed", "failed"), attempts: number, durationMs: number, error: name },
  { requiredKeys: ["run", "result", "attempts", "durationMs"] },
);
const action = fc.record(
  {
    action: field("pause", "resume", "skip-next", "rescheduled", "backfill", "trigger", "toString"),
    at: time,
    by: name,
    job: name,
    run: name,
    ticks: field("1764000000000", "1,2", "3"),
  },
  { requiredKeys: ["action", "at", "by"] },
);
const entry = fc.oneof(
  fc.oneof(decision, end, action).map(fields => Object.entries(fields).flat()),
  fc.array(hostileValue, { maxLength: 7 }),
);

const replica = fc
  .record(
    {
      id: fc.string(),
      roles: fc.array(fc.constantFrom("scheduler", "worker", "x")),
      generation: fc.oneof(fc.nat(), fc.string()),
      hash: fc.string(),
      startedAt: fc.oneof(fc.string(), fc.constant("2026-01-01T00:00:00Z")),
    },
    { requiredKeys: [] },
  )
  .map(record => JSON.stringify(record));

const bullOptions = fc.oneof(
  fc.json(),
  fc
    .record(
      {
        attempts: fc.oneof(fc.double(), fc.nat()),
        backoff: fc.oneof(fc.double(), fc.jsonValue(), fc.record({ type: hostileValue, delay: fc.double() })),
        timeout: fc.double(),
        repeat: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map(options => JSON.stringify(options)),
);
const hash = fc.oneof(
  fc.dictionary(
    fc.constantFrom("version", "stepdown", "pause:a", "skip:a", "pause:", "skip:__proto__"),
    time,
  ),
  fc.dictionary(hostileValue, hostileValue),
  fc.record(
    {
      ic: number,
      name,
      pattern: field("* * * * *", ""),
      every: field("1000", "1e300", "-5", "0.5"),
      tz: field("Europe/Berlin", ""),
      startDate: time,
      endDate: time,
      limit: number,
      data: fc.json(),
      opts: bullOptions,
    },
    { requiredKeys: ["name"] },
  ),
);

export const replies: fc.Arbitrary<Replies> = fc.record({
  streams: fc.array(entry, { maxLength: 6 }).map(list => list.map((flat, i) => [`${i}-0`, flat] as const)),
  hash,
  strings: fc.array(fc.option(fc.oneof(replica, fc.json(), hostileValue)), { maxLength: 4 }),
  leader: fc.array(fc.option(fc.oneof(name, number, time)), { minLength: 5, maxLength: 5 }),
  repeat: fc.array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom("digest", "mail:1::Europe/Berlin:* * * * *", "a:b:99999999999999999::5000"),
        hostileValue,
      ),
      fc.oneof(fc.nat(), fc.double()),
    ),
    { maxLength: 3 },
  ),
});

/** Answers what our readers ask. */
export function hostileRedis({ streams, hash, strings, leader, repeat }: Replies): Redis {
  const pipeline = { xrevrange: () => pipeline, exec: async () => [[null, streams]] };
  const redis = {
    xrevrange: async () => streams,
    hgetall: async () => hash,
    // The record of the leader is read by all of its names together.
    hmget: async (_key: string, ...fields: readonly string[]) =>
      fields[0] === "replica" ? leader : fields.map(name => hash[name] ?? null),
    time: async () => ["1764000000", "0"],
    hget: async (_key: string, name: string) => hash[name] ?? null,
    lrange: async () => Object.keys(hash),
    zrangebyscore: async () => repeat.map(([key, nextMs]) => `repeat:${key}:${nextMs}`),
    zrange: async () => repeat.flatMap(([key, nextMs]) => [key, String(nextMs)]),
    mget: async () => strings,
    pipeline: () => pipeline,
  };
  return redis as unknown as Redis;
}
