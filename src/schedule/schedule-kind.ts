import type { z } from "zod";
import type { DstRule, TickSource } from "./schedule.ts";

/** What the ticks of a kind may depend on besides its own value. */
export interface WallClockRules {
  readonly timezone: string;
  readonly dst: DstRule;
  /** The job's name: what `H` is hashed from. */
  readonly seed: string;
}

export interface KindTicks {
  readonly source: TickSource;
  /** Equal for two sources that have the same ticks by definition. It is part of the fingerprint. */
  readonly canonical: unknown;
}

export interface KindIssue {
  /** The place in the list, where the value is one. */
  readonly index?: number;
  readonly problem: string;
}

/**
 * A way to say when a job has ticks: all that other code knows of it. Key, field, stored form and `canonical` are in
 * definitions that other releases read: a change of any of them begins an epoch on every cluster that is upgraded.
 */
export interface ScheduleKind<Value = unknown> {
  /** The key in a job; the kind's name in fingerprints. */
  readonly key: string;
  /** Where a spec holds the value. */
  readonly field: string;
  /** Reads the key in a job. */
  readonly schema: z.ZodType<Value>;
  /** Of the key, for JSON Schema and docs/configuration.md. */
  readonly description: string;
  /** Reads the value in a stored definition. */
  readonly stored: z.ZodType<Value>;
  /** Whether zone and daylight saving decide about the ticks. */
  readonly asksWallClock: boolean;
  /** The ticks before exceptions, start and end. Reports every problem of the value; null when it has no ticks at all. */
  read(value: Value, rules: WallClockRules, report: (issue: KindIssue) => void): KindTicks | null;
  /** As written, for people: `every 30s`. */
  text(value: Value): string;
  /** When the job has ticks, a sentence each. */
  describe(value: Value, rules: WallClockRules): Promise<readonly string[]>;
  /** The instants that the value names one by one. A new job runs for those that have just passed. */
  instants?(value: Value): readonly number[];
  /** What is valid and perhaps not meant in the key's value as written. */
  advise?(written: unknown): readonly string[];
}
