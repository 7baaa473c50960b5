import { describe, expect, test } from "vitest";
import { handoffLines } from "../chaos/judge/handoff-lines.ts";
import {
  createHandoffDeployment,
  type ElectionStore,
  type HandoffDeployment,
  told,
} from "../support/handoff-deployment.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { json } from "../support/tick-account.ts";

/** How far `vacantMs` may be from the gap in BullMQ's stream. */
const BOUND_MS = 300;

interface Ending {
  readonly name: string;
  /** Both, where it is absent. */
  readonly store?: ElectionStore;
  readonly roles?: keyof typeof ROLES;
  readonly end: (handoff: HandoffDeployment, leader: ReplicaProcess) => Promise<unknown>;
  /** What each replica says of it. */
  readonly expected: object;
  /** What the leader says of it itself, now or when it is back. */
  readonly last?: { readonly event: string; readonly expected: object };
}

const ROLES = { joined: "scheduler,worker", split: "scheduler" } as const;

const isOfTerm = (term: number) => (line: LogLine) => line["term"] === term;
const isSecond = isOfTerm(2);

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
    end: ({ deployment }) => json(deployment, "stepdown", "--by", "ann"),
    expected: { reason: "resigned", cause: "stepdown", by: "ann" },
    last: {
      event: "leader.resigned",
      expected: { term: 1, reason: "stepdown", cause: "stepdown", by: "ann" },
    },
  },
  {
    name: "freezes (SIGSTOP)",
    end: async ({ deployment }, leader) => {
      leader.signal("SIGSTOP");
      await deployment.when("leader.elected", isSecond);
      leader.signal("SIGCONT");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { term: 1, cause: "frozen" } },
  },
  {
    name: "blocks its event loop",
    roles: "joined",
    end: async ({ deployment }) => {
      await deployment.open("block");
      await deployment.when("leader.elected", isSecond);
      await deployment.open("unblock");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { term: 1, cause: "frozen" } },
  },
  {
    name: "makes way for a newer generation",
    end: ({ join }) => join("newer", { generation: 1 }),
    expected: { reason: "resigned", cause: "generation" },
    last: { event: "leader.resigned", expected: { term: 1, reason: "generation", cause: "generation" } },
  },
  {
    name: "is cut off from Redis",
    end: async ({ deployment, links }) => {
      links.redis.hold(["requests", "replies"]);
      await deployment.when("leader.elected", isSecond);
      links.redis.release("reset");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { term: 1, reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "is cut off from etcd",
    store: "etcd",
    end: async ({ deployment, links }) => {
      links.etcd?.hold(["requests", "replies"]);
      await deployment.when("leader.elected", isSecond);
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
    end: async ({ deployment }, leader) => {
      const redis = deployment.redis();
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

const SITES = (["redis", "etcd"] as const).flatMap(store =>
  (["joined", "split"] as const).map(roles => ({ store, roles })),
);

describe.each(SITES)("a handoff on $store with $roles roles", ({ store, roles }) => {
  test.for(ENDINGS.filter(ending => (ending.store ?? store) === store && (ending.roles ?? roles) === roles))(
    "after the leader $name",
    async ({ end, expected, last }, context) => {
      const handoff = await createHandoffDeployment(context, { store, roles: ROLES[roles] });
      const { deployment, join } = handoff;
      const leader = await join("first");
      await Promise.all([
        ...["second", "third"].map(id => join(id)),
        ...(roles === "split" ? [join("worker", { roles: "worker" })] : []),
      ]);
      // A replica reports no other one as gone in the first second of its connection.
      await countLaunches(leader, 40);

      await end(handoff, leader);
      const elected = await deployment.when("leader.elected", isSecond);
      await deployment.when("tick.launched", isSecond);
      expect(elected).toMatchObject({ ...expected, previous: leader.lines[0]?.replica });
      const others = deployment.replicas.filter(one => !one.hasEnded && !one.lines.includes(elected));
      expect(others.length).toBeGreaterThanOrEqual(roles === "split" ? 2 : 1);
      for (const other of others) {
        const observed = await other.when("leader.observed", isSecond);
        expect(told(observed)).toEqual(told(elected));
      }
      if (last) {
        const line = await leader.when(last.event, isOfTerm(1));
        expect(line).toMatchObject(last.expected);
        expect(atOf(line)).toBeLessThanOrEqual(atOf(elected) + 1);
      }
      expect(handoffLines({ lines: deployment.replicas.flatMap(({ lines }) => lines) })).toEqual([]);
      const gapMs = await handoff.gapBefore(2);
      expect(Math.abs(gapMs - Number(elected["vacantMs"]))).toBeLessThanOrEqual(BOUND_MS);
    },
  );

  test("after the leader is fenced by a replica that elects in the other store", async context => {
    const handoff = await createHandoffDeployment(context, {
      store,
      roles: ROLES[roles],
      hasBothStores: true,
    });
    const { deployment, join } = handoff;
    const leader = await join("first");
    const worker = await join("worker", { roles: "worker" });
    await countLaunches(leader, 40);

    const other = await join("other", { store: store === "redis" ? "etcd" : "redis" });
    const elected = await other.when("leader.elected", isSecond);
    await other.when("tick.launched", isSecond);
    // Otherwise the two would depose each other again and again.
    await other.end("SIGTERM");
    const cause = { reason: "expired", cause: "fenced" };
    expect(elected).toMatchObject({ ...cause, previous: leader.lines[0]?.replica });
    expect(told(await worker.when("leader.observed", isSecond))).toEqual(told(elected));
    const lost = await leader.when("leader.lost", isOfTerm(1));
    expect(lost).toMatchObject({ reason: "fenced", cause: "fenced" });
    expect(await leader.when("leader.elected", isOfTerm(3))).toMatchObject({ previous: elected.replica });
    expect(handoffLines({ lines: deployment.replicas.flatMap(({ lines }) => lines) })).toEqual([]);
    const gapMs = await handoff.gapBefore(2);
    expect(Math.abs(gapMs - Number(elected["vacantMs"]))).toBeLessThanOrEqual(BOUND_MS);
  });
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
