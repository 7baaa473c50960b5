import { Random } from "../support/random.ts";

/** What the replicas run on: one Redis; three behind Sentinel; a Cluster; one Redis and an etcd of three nodes. */
export type StoreKind = "redis" | "sentinel" | "cluster" | "etcd";

/** One fault to come. Who leads then is not known when the script is drawn, so the leader has no name here. */
export interface Step {
  /** From the start of the faults, which falls on a full second, as every tick does. */
  readonly atMs: number;
  readonly fault: FaultKind;
  /** How long it lasts, for faults that last. */
  readonly holdMs: number;
  /** True: the leader, if there is one. Otherwise `pick` says who. */
  readonly atLeader: boolean;
  readonly pick: number;
  /** 0 ≤ n < 1: which of the variants of the fault. */
  readonly variant: number;
}

interface FaultRule {
  /** How often it stands in the deck that the script is drawn from. */
  readonly cards: Partial<Record<StoreKind, number>>;
  readonly holdMs: readonly [number, number];
  /** How often the leader is hit; 1 when absent. */
  readonly leaderShare?: number;
  /** Nothing else happens until so long after the fault has ended: it takes the ground away from all of them. */
  readonly restMs?: number;
}

const ALL = (cards: number) => ({ redis: cards, sentinel: cards, cluster: cards, etcd: cards });
const REDIS = (cards: number) => ({ redis: cards, etcd: cards });
const FAILOVERS = (cards: number) => ({ sentinel: cards, cluster: cards });
const ETCD = (cards: number) => ({ etcd: cards });

/** The lease of the replicas under test; the holds below are chosen around it. */
export const LEASE_TTL_MS = 2_000;

/** Every fault: how often it comes with which store, and how long it lasts. */
export const FAULTS = {
  "kill -9 of a leader": { cards: ALL(8), holdMs: [0, 400] },
  "kill -9 of a follower": { cards: ALL(3), holdMs: [0, 800], leaderShare: 0 },
  "stop of a leader (SIGTERM)": { cards: ALL(3), holdMs: [0, 400] },
  "freeze beyond the TTL": { cards: ALL(3), holdMs: [1.2 * LEASE_TTL_MS, 2.2 * LEASE_TTL_MS] },
  "freeze within the TTL": { cards: ALL(4), holdMs: [100, 0.8 * LEASE_TTL_MS], leaderShare: 0.8 },
  "clock an hour off": { cards: ALL(2), holdMs: [0, 0], leaderShare: 0.5 },
  "rolling restart": { cards: ALL(1), holdMs: [0, 0], restMs: 2_000 },
  "Redis: connections cut": { cards: ALL(4), holdMs: [0, 1_500], leaderShare: 0.7 },
  "Redis: cut in a launch": { cards: ALL(9), holdMs: [2_500, 2_500] },
  "Redis: requests held up": { cards: ALL(3), holdMs: [300, 6_500], leaderShare: 0.8 },
  "Redis: replies held up": { cards: ALL(3), holdMs: [300, 6_500], leaderShare: 0.8 },
  "Redis: black hole": { cards: ALL(3), holdMs: [300, 6_500], leaderShare: 0.8 },
  "Redis: delay": { cards: ALL(3), holdMs: [1_000, 4_000], leaderShare: 0.6 },
  "CLIENT KILL": { cards: ALL(6), holdMs: [0, 0] },
  "SCRIPT FLUSH": { cards: ALL(2), holdMs: [0, 0] },
  "Redis: kill -9 and restart": { cards: REDIS(4), holdMs: [0, 1_500], restMs: 700 },
  "Redis: freeze": { cards: REDIS(2), holdMs: [300, 3_000], restMs: 300 },
  failover: { cards: FAILOVERS(2), holdMs: [0, 2_000], restMs: 3_000 },
  "failover that loses writes": { cards: FAILOVERS(4), holdMs: [600, 2_400], restMs: 3_000 },
  "primary frozen, then two of them": { cards: FAILOVERS(2), holdMs: [4_000, 6_000], restMs: 9_000 },
  "etcd: connections cut": { cards: ETCD(3), holdMs: [0, 1_500], leaderShare: 0.7 },
  "etcd: requests held up": { cards: ETCD(3), holdMs: [300, 6_500], leaderShare: 0.8 },
  "etcd: replies held up": { cards: ETCD(3), holdMs: [300, 6_500], leaderShare: 0.8 },
  "etcd: black hole": { cards: ETCD(3), holdMs: [300, 6_500], leaderShare: 0.8 },
  "etcd: delay": { cards: ETCD(2), holdMs: [1_000, 4_000], leaderShare: 0.6 },
  "etcd: kill -9 of its leader": { cards: ETCD(4), holdMs: [0, 1_500], restMs: 700 },
  "everything down": { cards: ALL(1), holdMs: [1_500, 5_000], restMs: 2_000 },
} as const satisfies Record<string, FaultRule>;

export type FaultKind = keyof typeof FAULTS;

export interface ScriptOptions {
  readonly seed: number;
  readonly store: StoreKind;
  /** No fault begins that would not be over by then. */
  readonly durationMs: number;
  /** Instead of the store's own deck, again and again: exactly these, in the order of the seed. */
  readonly once?: readonly FaultKind[];
}

/** How often a fault is aimed at the moment of a launch, and how near: that is where it hurts. */
const AIMED_SHARE = 0.65;
const AIM_MS = [-20, 60] as const;
const GAP_MS = [250, 2_300] as const;
const SECOND_MS = 1_000;

/** The faults of a run, in order. The same options give the same script. */
export function drawScript({ seed, store, durationMs, once }: ScriptOptions): Step[] {
  const random = new Random(seed);
  const steps: Step[] = [];
  const cards = shuffle([...(once ?? deckOf(store))], random);
  for (let atMs = SECOND_MS; ; ) {
    if (cards.length === 0 && !once) cards.push(...shuffle(deckOf(store), random));
    const fault = cards.pop();
    if (fault === undefined) return steps;
    const rule: FaultRule = FAULTS[fault];
    const aimedMs = random.next() < AIMED_SHARE ? aim(atMs, random) : atMs;
    const step = {
      atMs: Math.round(aimedMs),
      fault,
      holdMs: Math.round(random.between(...rule.holdMs)),
      atLeader: random.next() < (rule.leaderShare ?? 1),
      pick: Math.floor(random.next() * 1_000),
      variant: random.next(),
    };
    if (step.atMs + step.holdMs > durationMs) return steps;
    steps.push(step);
    const restMs = rule.restMs === undefined ? 0 : step.holdMs + rule.restMs;
    atMs = Math.max(atMs, step.atMs) + restMs + random.between(...GAP_MS);
  }
}

/** Just before, within or just after the next moment of a launch. */
function aim(atMs: number, random: Random): number {
  return Math.ceil(atMs / SECOND_MS) * SECOND_MS + random.between(...AIM_MS);
}

function deckOf(store: StoreKind): FaultKind[] {
  return Object.entries(FAULTS).flatMap(([fault, { cards }]) => {
    const count = (cards as FaultRule["cards"])[store] ?? 0;
    return Array.from({ length: count }, () => fault as FaultKind);
  });
}

function shuffle<T>(list: T[], random: Random): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}
