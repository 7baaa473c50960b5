/** What the replicas run on: one Redis; three behind Sentinel; a Cluster; one Redis and an etcd of three nodes. */
export type StoreKind = "redis" | "sentinel" | "cluster" | "etcd";

/** What a kind of fault may cost; by this much the judge excuses it. */
export interface Harm {
  /** `leader`: whatever replica it is done to, if that one leads. `store`: all of them. */
  readonly of: "leader" | "store";
  /** How long after the end of the fault its effects may last. */
  readonly aftermathMs: number;
  /** Its effects may be on record as of this much earlier. */
  readonly beforeMs?: number;
  /** After this time another replica leads, although the fault goes on. */
  readonly limitMs?: number;
  /** The leader's term ends by it. */
  readonly endsTerm?: boolean;
}

export interface FaultRule {
  /** How often it is in the deck that the script is drawn from. */
  readonly cards: Partial<Record<StoreKind, number>>;
  readonly holdMs: readonly [number, number];
  /** How often the leader is hit; 1 when absent. */
  readonly leaderShare?: number;
  /** No other fault begins for this long after the fault has ended, because it affects every replica. */
  readonly restMs?: number;
  /** What it may cost: the judge excuses this much and no more. Nothing when absent. */
  readonly harm?: Harm;
}

const ALL = (cards: number) => ({ redis: cards, sentinel: cards, cluster: cards, etcd: cards });
const REDIS = (cards: number) => ({ redis: cards, etcd: cards });
const FAILOVERS = (cards: number) => ({ sentinel: cards, cluster: cards });
const ETCD = (cards: number) => ({ etcd: cards });

/** The lease of the replicas under test; the holds below are chosen around it. */
export const LEASE_TTL_MS = 2_000;

/** A leader's process that has ended is noticed within a fraction of a second; the rest is a loaded machine. */
const KILLED = { of: "leader", aftermathMs: 3_000, limitMs: 1_500, endsTerm: true } as const;
const RESIGNED = { of: "leader", aftermathMs: 3_000, limitMs: 700, endsTerm: true } as const;
/** The lease runs out, and another replica notices. */
const FROZEN = { of: "leader", aftermathMs: 1_000, limitMs: LEASE_TTL_MS + 1_500, endsTerm: true } as const;
/** Its last renewal may have arrived; it stops leading, and the lease runs out after that. */
const CUT_OFF = { of: "leader", aftermathMs: 2_500, limitMs: 2 * LEASE_TTL_MS + 2_000 } as const;
/** While Redis is away and until connections, which wait for up to 2 s, and leases are there again. */
const REDIS_AWAY = { of: "store", aftermathMs: LEASE_TTL_MS + 3_000 } as const;
/** The clock of Redis is set by this much at most: less than what makes a tick late by itself. */
export const LARGEST_STEP_MS = 4_000;
/**
 * A step is followed after three measurements, a third of the TTL apart. Where it went back, the ticks of that time have been
 * decided. The lease may have run out by it.
 */
const CLOCK_SET = {
  of: "store",
  aftermathMs: LARGEST_STEP_MS + LEASE_TTL_MS + 3_000,
  beforeMs: LARGEST_STEP_MS,
} as const;
/** A leader that cannot launch, while others could, resigns after two to three seconds. */
const CANNOT_LAUNCH = { of: "leader", aftermathMs: 1_500, limitMs: 5_500 } as const;
const SHORT = { of: "leader", aftermathMs: 2_500, limitMs: 2_000 } as const;
const MOMENT = { of: "leader", aftermathMs: 1_500 } as const;

/** Every fault: how often it comes with which store, and how long it lasts. */
export const FAULTS = {
  "kill -9 of a leader": { cards: ALL(2), holdMs: [0, 400], harm: KILLED },
  "kill -9 of a follower": { cards: ALL(1), holdMs: [0, 800], leaderShare: 0, harm: KILLED },
  "stop of a leader (SIGTERM)": { cards: ALL(1), holdMs: [0, 400], harm: RESIGNED },
  "freeze beyond the TTL": { cards: ALL(1), holdMs: [1.2 * LEASE_TTL_MS, 2.2 * LEASE_TTL_MS], harm: FROZEN },
  "freeze within the TTL": {
    cards: ALL(1),
    holdMs: [100, 0.8 * LEASE_TTL_MS],
    leaderShare: 0.8,
    harm: MOMENT,
  },
  "clock an hour off": { cards: ALL(1), holdMs: [0, 0], leaderShare: 0.5, harm: KILLED },
  "rolling restart": {
    cards: ALL(1),
    holdMs: [0, 0],
    restMs: 2_000,
  },
  "Redis: connections cut": { cards: ALL(1), holdMs: [0, 1_500], leaderShare: 0.7, harm: CUT_OFF },
  "Redis: cut in a launch": { cards: ALL(2), holdMs: [2_500, 2_500], harm: MOMENT },
  "Redis: requests held up": { cards: ALL(1), holdMs: [300, 6_500], leaderShare: 0.8, harm: CUT_OFF },
  "Redis: replies held up": { cards: ALL(1), holdMs: [300, 6_500], leaderShare: 0.8, harm: CUT_OFF },
  "Redis: black hole": { cards: ALL(1), holdMs: [300, 6_500], leaderShare: 0.8, harm: CUT_OFF },
  "Redis: delay": { cards: ALL(1), holdMs: [1_000, 4_000], leaderShare: 0.6, harm: MOMENT },
  "launch connection": { cards: ALL(1), holdMs: [500, 14_000], harm: CANNOT_LAUNCH },
  "lease connection": { cards: ALL(1), holdMs: [300, 6_500], harm: CUT_OFF },
  "plain connection": { cards: ALL(1), holdMs: [300, 6_500], leaderShare: 0.7, harm: SHORT },
  "presence connection": { cards: ALL(1), holdMs: [300, 6_500], leaderShare: 0.7, harm: SHORT },
  "worker connection": { cards: ALL(2), holdMs: [300, 6_500], leaderShare: 0.4 },
  "locks connection": { cards: ALL(3), holdMs: [300, 6_500], leaderShare: 0.4 },
  "half-open connection": { cards: ALL(1), holdMs: [300, 6_500], leaderShare: 0.7, harm: CUT_OFF },
  "clients at their limit": { cards: ALL(1), holdMs: [300, 5_000], leaderShare: 0.7, harm: SHORT },
  "refused: NOREPLICAS": { cards: ALL(1), holdMs: [200, 3_000], restMs: 300, harm: REDIS_AWAY },
  "refused: OOM": { cards: ALL(1), holdMs: [200, 3_000], restMs: 300, harm: REDIS_AWAY },
  "refused: MISCONF": { cards: ALL(1), holdMs: [200, 3_000], restMs: 300, harm: REDIS_AWAY },
  "refused: BUSY": { cards: ALL(1), holdMs: [200, 3_000], restMs: 300, harm: REDIS_AWAY },
  "refused: READONLY": { cards: REDIS(2), holdMs: [200, 3_000], restMs: 300, harm: REDIS_AWAY },
  "pause and resume": { cards: ALL(1), holdMs: [500, 7_000], leaderShare: 0 },
  "skip-next": { cards: ALL(1), holdMs: [0, 0], leaderShare: 0 },
  trigger: { cards: ALL(1), holdMs: [0, 0], leaderShare: 0 },
  backfill: { cards: ALL(1), holdMs: [0, 0], leaderShare: 0 },
  stepdown: { cards: ALL(1), holdMs: [0, 0], leaderShare: 0, harm: { of: "leader", aftermathMs: 1_000 } },
  "live edit": { cards: ALL(1), holdMs: [0, 0] },
  "edit of except": { cards: ALL(1), holdMs: [0, 0] },
  "edit of a calendar": { cards: ALL(1), holdMs: [0, 0] },
  "edit of maxRuns": { cards: ALL(1), holdMs: [0, 0] },
  "removal of a job": { cards: ALL(1), holdMs: [500, 45_000] },
  deploy: { cards: ALL(1), holdMs: [0, 0], restMs: 2_000 },
  rollback: { cards: ALL(1), holdMs: [0, 0], restMs: 2_000 },
  "BullMQ: remove": { cards: ALL(1), holdMs: [0, 0] },
  "BullMQ: clean": { cards: ALL(1), holdMs: [0, 0] },
  "BullMQ: drain": { cards: ALL(1), holdMs: [0, 0] },
  "BullMQ: obliterate": { cards: ALL(1), holdMs: [0, 0] },
  "BullMQ: pause": { cards: ALL(1), holdMs: [500, 4_000] },
  "CLIENT KILL": { cards: ALL(1), holdMs: [0, 0], harm: { of: "leader", aftermathMs: 2_000 } },
  "SCRIPT FLUSH": { cards: ALL(1), holdMs: [0, 0], harm: { of: "store", aftermathMs: 1_000 } },
  "Redis: kill -9 and restart": { cards: REDIS(2), holdMs: [0, 1_500], restMs: 700, harm: REDIS_AWAY },
  "Redis: clock set": { cards: REDIS(2), holdMs: [500, 6_000], harm: CLOCK_SET },
  "Redis: freeze": { cards: REDIS(2), holdMs: [300, 3_000], restMs: 300, harm: REDIS_AWAY },
  failover: { cards: FAILOVERS(2), holdMs: [0, 2_000], restMs: 3_000, harm: REDIS_AWAY },
  "failover that loses writes": {
    cards: FAILOVERS(2),
    holdMs: [600, 2_400],
    restMs: 3_000,
    harm: REDIS_AWAY,
  },
  "primary frozen, then two of them": {
    cards: FAILOVERS(2),
    holdMs: [4_000, 6_000],
    restMs: 5_000,
    harm: { of: "store", aftermathMs: 9_000 },
  },
  "etcd: connections cut": { cards: ETCD(4), holdMs: [0, 1_500], leaderShare: 0.7, harm: CUT_OFF },
  "etcd: requests held up": { cards: ETCD(4), holdMs: [300, 6_500], leaderShare: 0.8, harm: CUT_OFF },
  "etcd: replies held up": { cards: ETCD(4), holdMs: [300, 6_500], leaderShare: 0.8, harm: CUT_OFF },
  "etcd: black hole": { cards: ETCD(4), holdMs: [300, 6_500], leaderShare: 0.8, harm: CUT_OFF },
  "etcd: delay": { cards: ETCD(4), holdMs: [1_000, 4_000], leaderShare: 0.6, harm: MOMENT },
  "etcd: kill -9 of its leader": {
    cards: ETCD(4),
    holdMs: [0, 1_500],
    restMs: 700,
    harm: { of: "store", aftermathMs: 4_000 },
  },
  "everything down": {
    cards: ALL(1),
    holdMs: [1_500, 5_000],
    restMs: 2_000,
    harm: { of: "store", aftermathMs: 8_000 },
  },
} as const satisfies Record<string, FaultRule>;

export type FaultKind = keyof typeof FAULTS;

/** After these another server may take the writes, and lack some of them. */
export const FAILOVER_KINDS: readonly FaultKind[] = [
  "failover",
  "failover that loses writes",
  "primary frozen, then two of them",
];
