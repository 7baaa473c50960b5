/**
 * What the API answers, as the page reads it. test/unit/dashboard/shapes.test.ts holds these against the types of
 * src/client: importing those here would bring the types of Node.js into the code of the browser.
 */

export type Role = "viewer" | "operator" | "admin";

export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly signedInBy: "session" | "token" | "proxy" | "loopback";
  /** Null where requests that act need none. */
  readonly csrf: string | null;
  readonly viewersSeeData: boolean;
  readonly clock: string;
}

export interface Status {
  readonly leader: { readonly replica: string; readonly term: number; readonly since: string } | null;
  readonly provenGeneration: number | null;
  readonly replicas: readonly { readonly id: string; readonly tooOld: boolean }[];
  readonly jobsFrom: "cluster" | "local";
  readonly queues: readonly { readonly name: string; readonly paused: boolean }[];
  readonly stuck: readonly {
    readonly queue: string;
    readonly run: string;
    readonly since: string;
  }[];
}

export interface ReplicaInfo {
  readonly id: string;
  readonly roles: readonly string[];
  readonly generation: number;
  readonly startedAt: string;
  readonly leading: boolean;
  readonly tooOld: boolean;
  readonly version: string | null;
  readonly clockSkewMs: number | null;
  readonly running: readonly { readonly run: string; readonly job: string; readonly since: string }[];
  readonly runningCount: number | null;
  readonly load: { readonly eventLoopDelayMs: number | null; readonly rssBytes: number | null };
}

export interface TermInfo {
  readonly term: number;
  readonly replica: string;
  readonly at: string;
  readonly previous: string | null;
  readonly reason: string | null;
  readonly cause: string | null;
  readonly vacantMs: number | null;
  readonly endedAt: string | null;
  readonly by: string | null;
}

export type Outcome = "completed" | "failed" | "running" | "skipped" | "missed";

export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export interface JobRow {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly paused: boolean;
  readonly pausedBy: {
    readonly by: string;
    readonly at: string;
    readonly reason: string | null;
    readonly until: string | null;
  } | null;
  readonly quarantined: { readonly since: string; readonly reason: string } | null;
  readonly silenced: { readonly until: string } | null;
  readonly lastTick: string | null;
  readonly nextTick: string | null;
  readonly lastRun: { readonly outcome: string; readonly run: string; readonly error?: string } | null;
  readonly handler: string | null;
  readonly queue: string;
  readonly strip: readonly Outcome[];
  readonly running: number;
  readonly durationMs: Spread | null;
  readonly lateMs: Spread | null;
  readonly overdueMs: number;
}

export const STATES = [
  "all",
  "failing",
  "overdue",
  "paused",
  "running",
  "skippedToday",
  "missedToday",
  "dueSoon",
  "quarantined",
] as const;
export type State = (typeof STATES)[number];
export type Facets = Readonly<Record<State, number>>;

export interface JobPage {
  readonly items: readonly JobRow[];
  readonly next: string | null;
  readonly total: number;
  readonly facets: Facets;
}

export interface JobDetail extends JobRow {
  /** A sentence each. */
  readonly description: readonly string[];
  readonly policy: readonly { readonly name: string; readonly value: unknown; readonly source: string }[];
}

export interface HistoryRow {
  readonly tick: string;
  readonly outcome: string;
  readonly reason?: string;
  readonly kind: string;
  readonly term: number;
  readonly lateMs: number;
  readonly run?: string;
  readonly blockedBy?: string;
  readonly by?: string;
  readonly from?: string;
  readonly count?: number;
  readonly result?: string;
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly replica?: string;
  readonly error?: string;
}

export interface ComingTick {
  readonly tick: string;
  readonly note?: string;
  readonly launchAt?: string;
  /** It is not launched, for this reason. */
  readonly excluded?: string;
}

export interface Listing<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Why {
  readonly job: string;
  readonly at: string;
  readonly verdict: string;
  readonly text: string;
  readonly reasonCode: string | null;
  readonly run: string | null;
  readonly nearest: { readonly before: string | null; readonly after: string | null };
}

export interface BulkAnswer {
  readonly count: number;
  readonly items: readonly {
    readonly job: string;
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
}

export interface RunDetail {
  readonly run: string;
  readonly job: string;
  readonly queue: string;
  readonly kind: string | null;
  readonly tick: string | null;
  readonly state: string;
  readonly attempts: readonly {
    readonly number: number;
    readonly startedAt: string | null;
    readonly endedAt: string | null;
    readonly error: string | null;
    readonly replica: string | null;
  }[];
  readonly waitMs: number | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly log: readonly string[];
  readonly result: unknown;
  readonly data: unknown;
  readonly hidden: boolean;
  readonly by: string | null;
}

export interface Forecast {
  readonly from: string;
  readonly to: string;
  readonly bucketMs: number;
  readonly buckets: readonly (readonly [string, number])[];
  readonly worst: readonly {
    readonly at: string;
    readonly count: number;
    readonly jobs: readonly string[];
  }[];
  readonly quiet: string;
  readonly total: number;
}

export interface Bucket {
  readonly at: string;
  readonly endAt: string;
  readonly launched: number;
  readonly failed: number;
  readonly running: number;
  readonly skipped: number;
  readonly missed: number;
  readonly late: number;
}

export interface Gap {
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly vacantMs: number;
  readonly late: readonly { readonly job: string; readonly tick: string; readonly lateMs: number }[];
}

export interface Timeline {
  readonly from: string;
  readonly to: string;
  readonly now: string;
  readonly terms: readonly TermInfo[];
  readonly lanes: readonly {
    readonly job: string;
    readonly buckets: readonly Bucket[];
    readonly coming: readonly string[];
    readonly hasMore: boolean;
  }[];
  readonly gaps: readonly Gap[];
}

export interface AuditRow {
  readonly at: string;
  readonly action: string;
  readonly by: string;
  readonly job?: string;
  readonly run?: string;
  readonly ticks?: readonly string[] | number;
  readonly reason?: string;
}
