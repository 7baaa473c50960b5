import { test as base, describe, expect } from "vitest";
import { handoffLines } from "../chaos/judge/handoff-lines.ts";
import {
  type ElectionStore,
  HandoffDeployment,
  type HandoffOptions,
  told,
} from "../support/handoff-deployment.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { json } from "../support/tick-account.ts";

/** One deployment at a time, whose replicas hand over again and again. A test that fails leaves none to the next one. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures in use from this pattern.
  .extend("deployments", { scope: "file" }, async ({}, { onCleanup }) => {
    let current: { readonly name: string; readonly handoff: HandoffDeployment } | null = null;
    const end = async () => {
      await current?.handoff.dispose();
      current = null;
    };
    onCleanup(end);
    const open = async (name: string, options: HandoffOptions) => {
      if (current?.name === name) return current.handoff;
      await end();
      current = { name, handoff: await HandoffDeployment.create(options) };
      return current.handoff;
    };
    return { open, end };
  })
  .extend("open", ({ deployments, onTestFailed }) => async (name: string, options: HandoffOptions) => {
    const handoff = await deployments.open(name, options);
    onTestFailed(async () => {
      console.log(handoff.deployment.transcript());
      await deployments.end();
    });
    return handoff;
  });

/** How far `vacantMs` may be from the gap in BullMQ's stream. See `expectGapAsTold` for a single handoff on a busy machine. */
const BOUND_MS = 300;
/** The longest time between two launches while a replica leads: the shortest of the intervals. */
const ORDINARY_STEP_MS = 100;

interface Until {
  /** Resolves when the next leader is elected. */
  readonly next: () => Promise<LogLine>;
  /** Resolves when the leader reports that it has lost its term. */
  readonly lost: () => Promise<LogLine>;
}

interface Ending {
  readonly name: string;
  /** Both, where it is absent. */
  readonly store?: ElectionStore;
  readonly roles?: keyof typeof ROLES;
  readonly end: (handoff: HandoffDeployment, leader: ReplicaProcess, until: Until) => Promise<unknown>;
  /** What each replica says of it. */
  readonly expected: object;
  /** What the leader says of it itself, now or when it is back. */
  readonly last?: { readonly event: string; readonly expected: object };
}

const ROLES = { joined: "scheduler,worker", split: "scheduler" } as const;

const isOfTerm = (term: number) => (line: LogLine) => line["term"] === term;

const ENDINGS: readonly Ending[] = [
  {
    name: "stops (SIGTERM)",
    end: (_, leader) => leader.end("SIGTERM"),
    expected: { reason: "resigned", cause: "shutdown" },
    last: { event: "leader.resigned", expected: { reason: "shutdown", cause: "shutdown" } },
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
      expected: { reason: "stepdown", cause: "stepdown", by: "ann" },
    },
  },
  {
    name: "freezes (SIGSTOP)",
    end: async (_, leader, until) => {
      leader.signal("SIGSTOP");
      await until.next();
      leader.signal("SIGCONT");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { cause: "frozen" } },
  },
  {
    name: "blocks its event loop",
    roles: "joined",
    end: async ({ deployment }, leader, until) => {
      await deployment.open(`block-${leader.lines[0]?.replica}`);
      await until.next();
      await deployment.open("unblock");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { cause: "frozen" } },
  },
  {
    name: "is cut off from Redis",
    end: async (handoff, leader, until) => {
      const { redis } = handoff.linksOf(leader);
      redis.hold(["requests", "replies"]);
      await until.next();
      redis.release("reset");
    },
    expected: { reason: "expired", cause: "silent" },
    last: { event: "leader.lost", expected: { reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "is cut off from etcd",
    store: "etcd",
    end: async (handoff, leader, until) => {
      const { etcd } = handoff.linksOf(leader);
      etcd?.hold(["requests", "replies"]);
      await until.next();
      etcd?.release("reset");
    },
    expected: { reason: "expired", cause: "unreachable", error: expect.any(String) },
    last: { event: "leader.lost", expected: { reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "and the others lose etcd",
    store: "etcd",
    end: async ({ etcd }, _, until) => {
      await etcd?.kill();
      await until.lost();
      await etcd?.restart();
    },
    expected: { reason: "expired", cause: "unreachable", error: expect.any(String) },
    last: { event: "leader.lost", expected: { reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "and the others lose Redis",
    end: async ({ redis }, _, until) => {
      await redis.kill();
      await until.lost();
      await redis.restart();
    },
    expected: { reason: "expired", cause: "store-away", error: expect.any(String) },
    last: { event: "leader.lost", expected: { reason: "unreachable", cause: "unreachable" } },
  },
  {
    name: "finds Redis full",
    end: async ({ deployment }, _, until) => {
      const redis = deployment.redis();
      await redis.config("SET", "maxmemory", "1");
      await until.lost();
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
      expected: { cause: "refused", error: expect.stringContaining("OOM") },
    },
  },
  // Last: replicas of the older generation may not lead for long after it.
  {
    name: "makes way for a newer generation",
    end: handoff => handoff.join({ generation: 1 }),
    expected: { reason: "resigned", cause: "generation" },
    last: { event: "leader.resigned", expected: { reason: "generation", cause: "generation" } },
  },
];

/** Each way in which a term ends, on one store: every replica says which it was, and for how long there was no leader. */
export function describeHandoffs(store: ElectionStore): void {
  describe.each(["joined", "split"] as const)(`a handoff on ${store} with %s roles`, roles => {
    /** How much later than `vacantMs` says the next leader launched its first run. */
    const launchedLaterMs: number[] = [];

    test.for(
      ENDINGS.filter(ending => (ending.store ?? store) === store && (ending.roles ?? roles) === roles),
    )("after the leader $name", async ({ end, expected, last }, { open }) => {
      const handoff = await open(`${store} ${roles}`, { store, roles: ROLES[roles] });
      const { deployment } = handoff;
      const { leader, term } = await handoff.settled();
      const isNext = isOfTerm(term + 1);
      const until = {
        next: () => deployment.when("leader.elected", isNext),
        lost: () => leader.when("leader.lost", isOfTerm(term)),
      };

      await end(handoff, leader, until);
      const elected = await until.next();
      await deployment.when("tick.launched", isNext);
      expect(elected).toMatchObject({ ...expected, previous: leader.lines[0]?.replica });
      const others = handoff.alive.filter(one => !one.lines.includes(elected));
      expect(others.length).toBeGreaterThanOrEqual(roles === "split" ? 2 : 1);
      for (const other of others) {
        const observed = await other.when("leader.observed", isNext);
        expect(told(observed)).toEqual(told(elected));
      }
      if (last) {
        const line = await leader.when(last.event, isOfTerm(term));
        expect(line).toMatchObject(last.expected);
        expect(atOf(line)).toBeLessThanOrEqual(atOf(elected) + 1);
      }
      launchedLaterMs.push(await expectGapAsTold(handoff, elected));
    });

    test("after the leader is fenced by a replica that elects in the other store", async ({ open }) => {
      const options = { store, roles: ROLES[roles], hasBothStores: true };
      const handoff = await open(`${store} ${roles} and the other store`, options);
      const leader = await handoff.join();
      const worker = await handoff.join({ roles: "worker" });
      const sinceMs = Date.now() + 2_000;
      await leader.when("tick.launched", line => Date.parse(String(line["tick"])) > sinceMs);

      const other = await handoff.join({ store: store === "redis" ? "etcd" : "redis" });
      const elected = await other.when("leader.elected", isOfTerm(2));
      await other.when("tick.launched", isOfTerm(2));
      // Otherwise the two would depose each other again and again.
      await other.end("SIGTERM");
      const cause = { reason: "expired", cause: "fenced" };
      expect(elected).toMatchObject({ ...cause, previous: leader.lines[0]?.replica });
      expect(told(await worker.when("leader.observed", isOfTerm(2)))).toEqual(told(elected));
      const lost = await leader.when("leader.lost", isOfTerm(1));
      expect(lost).toMatchObject({ reason: "fenced", cause: "fenced" });
      expect(await leader.when("leader.elected", isOfTerm(3))).toMatchObject({ previous: elected.replica });
      launchedLaterMs.push(await expectGapAsTold(handoff, elected));
    });

    test("is followed by a launch as soon as all of them say, in the middle of all ways", () => {
      const sorted = launchedLaterMs.map(Math.abs).toSorted((a, b) => a - b);
      expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(BOUND_MS);
    });
  });
}

/**
 * The lines of all replicas agree, and `vacantMs` is what BullMQ saw until the term was opened, as exactly as its stream
 * shows it. Resolves to how much later the first launch of the term came: on a busy machine that says little of one handoff.
 */
async function expectGapAsTold(handoff: HandoffDeployment, elected: LogLine): Promise<number> {
  const { replicas } = handoff.deployment;
  await Promise.all(handoff.alive.map(connectedAgain));
  expect(handoffLines({ lines: replicas.flatMap(({ lines }) => lines) })).toEqual([]);
  const { launchMs, openMs, stepMs } = await handoff.gapBefore(elected);
  const vacantMs = Number(elected["vacantMs"]);
  expect(Math.abs(openMs - vacantMs)).toBeLessThanOrEqual(BOUND_MS - ORDINARY_STEP_MS + stepMs);
  return launchMs - vacantMs;
}

/** A leader does not wait for long for connections that leading does not need, and says later that all are back. */
async function connectedAgain(replica: ReplicaProcess): Promise<void> {
  const { lines } = replica;
  const last = lines.findLast(({ event }) => event === "redis.unreachable" || event === "redis.connected");
  if (last?.event !== "redis.unreachable") return;
  await replica.when("redis.connected", line => lines.indexOf(line) > lines.indexOf(last));
}

function atOf(line: LogLine): number {
  return Date.parse(String(line["at"]));
}
