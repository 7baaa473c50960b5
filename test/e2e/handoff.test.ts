import { describe, expect, test } from "vitest";
import { createHandoffSite, type HandoffSite, told } from "../support/handoff-site.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { json } from "../support/tick-account.ts";

/** How far `vacantMs` may be from the gap in BullMQ's stream. */
const BOUND_MS = 300;

interface Ending {
  readonly name: string;
  /** Both, where it is absent. */
  readonly store?: "redis" | "etcd";
  readonly end: (handoff: HandoffSite, leader: ReplicaProcess) => Promise<unknown>;
  readonly expected: object;
  /** What the leader says of it itself, now or when it is back. */
  readonly last?: { readonly event: string; readonly expected: object };
}

const ENDINGS: readonly Ending[] = [
  {
    name: "stops (SIGTERM)",
    end: (_, leader) => leader.end("SIGTERM"),
    expected: { reason: "resigned", cause: "shutdown" },
    last: { event: "leader.resigned", expected: { term: 1, reason: "shutdown", cause: "shutdown" } },
  },
  {
    name: "is killed (SIGKILL)",
    end: (_, leader) => leader.end("SIGKILL"),
    expected: { reason: "crashed", cause: "process-gone" },
  },
  {
    name: "is asked to step down",
    end: ({ site }) => json(site, "stepdown", "--by", "ann"),
    expected: { reason: "resigned", cause: "stepdown", by: "ann" },
    last: {
      event: "leader.resigned",
      expected: { term: 1, reason: "stepdown", cause: "stepdown", by: "ann" },
    },
  },
  {
    name: "freezes (SIGSTOP)",
    end: async ({ site }, leader) => {
      leader.signal("SIGSTOP");
      await site.when("leader.elected", line => line["term"] === 2);
      leader.signal("SIGCONT");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { term: 1, cause: "frozen" } },
  },
  {
    name: "makes way for a newer generation",
    end: ({ join }) => join("newer", "scheduler", 1),
    expected: { reason: "resigned", cause: "generation" },
    last: { event: "leader.resigned", expected: { term: 1, reason: "generation", cause: "generation" } },
  },
  {
    name: "is cut off from Redis",
    end: async ({ site, links }) => {
      links.redis.hold(["requests", "replies"]);
      await site.when("leader.elected", line => line["term"] === 2);
      links.redis.release("reset");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { term: 1, reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "is cut off from etcd",
    store: "etcd",
    end: async ({ site, links }) => {
      links.etcd?.hold(["requests", "replies"]);
      await site.when("leader.elected", line => line["term"] === 2);
      links.etcd?.release("reset");
    },
    expected: { reason: "expired", cause: "unreachable", error: expect.any(String) },
    last: { event: "leader.lost", expected: { term: 1, reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "and the others lose etcd",
    store: "etcd",
    end: async ({ etcd }, leader) => {
      await etcd?.kill();
      await leader.when("leader.lost");
      await etcd?.restart();
    },
    expected: { reason: "expired", cause: "unreachable", error: expect.any(String) },
    last: { event: "leader.lost", expected: { term: 1, reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "and the others lose Redis",
    end: async ({ redis }, leader) => {
      await redis.kill();
      await leader.when("leader.lost");
      await redis.restart();
    },
    expected: { reason: "expired", cause: "store-away", error: expect.any(String) },
    last: { event: "leader.lost", expected: { term: 1, reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "finds Redis full",
    end: async ({ site }, leader) => {
      const redis = site.redis();
      await redis.config("SET", "maxmemory", "1");
      await leader.when("leader.lost");
      await redis.config("SET", "maxmemory", "0");
    },
    // The leader may still tell Redis, when that takes writes again just then.
    expected: {
      reason: "expired",
      cause: expect.stringMatching(/^(refused|store-away)$/),
      error: expect.stringContaining("OOM"),
    },
    last: {
      event: "leader.lost",
      expected: { term: 1, cause: "refused", error: expect.stringContaining("OOM") },
    },
  },
];

describe.each(["redis", "etcd"] as const)("a handoff on %s", store => {
  test.for(ENDINGS.filter(ending => (ending.store ?? store) === store))(
    "after the leader $name",
    async ({ end, expected, last }, context) => {
      const handoff = await createHandoffSite(context, store);
      const { site } = handoff;
      const leader = await handoff.join("first");
      const followers = [await handoff.join("second"), await handoff.join("third")];
      const worker = await handoff.join("worker", "worker");
      await site.when("tick.launched", line => line["term"] === 1);
      // A replica reports no other one as gone in the first second of its connection.
      await countLaunches(leader, 40);

      await end(handoff, leader);
      const elected = await site.when("leader.elected", line => line["term"] === 2);
      await site.when("tick.launched", line => line["term"] === 2);
      const previous = leader.lines[0]?.replica;
      expect(elected).toMatchObject({ ...expected, previous });
      const others = [...followers, worker].filter(({ lines }) => lines[0]?.replica !== elected.replica);
      expect(others.length).toBeGreaterThanOrEqual(2);
      for (const other of others) {
        const observed = await other.when("leader.observed", line => line["term"] === 2);
        expect(told(observed)).toEqual(told(elected));
      }
      if (last) {
        const line = await leader.when(last.event);
        expect(line).toMatchObject(last.expected);
        expect(Date.parse(String(line["at"]))).toBeLessThanOrEqual(atOf(elected) + 1);
      }
      const gapMs = await handoff.gapBefore(2);
      expect(Math.abs(gapMs - Number(elected["vacantMs"]))).toBeLessThanOrEqual(BOUND_MS);
    },
  );
});

function atOf(line: LogLine): number {
  return Date.parse(String(line["at"]));
}

async function countLaunches(replica: ReplicaProcess, count: number): Promise<void> {
  let seen = 0;
  await new Promise<void>(resolve => {
    replica.subscribe(line => {
      if (line.event === "tick.launched" && ++seen === count) resolve();
    });
  });
}
