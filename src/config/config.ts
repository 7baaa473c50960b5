import type { HandlerRef } from "../handlers/handler-kinds.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { ScheduleSpec } from "../schedule/spec.ts";
import type { JobPlaces } from "./job-places.ts";
import type { PolicySources } from "./policy-sources.ts";
import type { RunPolicies } from "./schemas/run-policies.ts";
import type { Settings } from "./settings.ts";

/** The whole configuration of a replica: validated, defaults applied, frozen. Times are milliseconds. */
export interface Config extends Immutable<Settings> {
  /** In the order of the files. */
  readonly jobs: readonly Job[];
  /** Hash of the job definitions: two replicas with the same hash do the same. */
  readonly hash: string;
  /** Where the jobs are in the files. */
  readonly jobPlaces: JobPlaces;
  /** Where the policies of the jobs come from, in the order of the jobs. */
  readonly policySources: readonly PolicySources[];
  /** Absolute; where handler modules are looked for. */
  readonly jobsDir: string;
}

export interface Job extends Immutable<RunPolicies> {
  readonly name: string;
  readonly schedule: Schedule;
  /** The schedule as written, for people: `0 2 * * *`, `every 30s`, `at 2026-12-24T18:00:00Z`. */
  readonly scheduleText: string;
  readonly spec: ScheduleSpec;
  /** Null for a job whose queue other programs work off (`consume: false`). */
  readonly handler: HandlerRef | null;
  /** Where its queue is, when it belongs to another program (`queues.NAME.prefix`). */
  readonly sharedQueue?: SharedQueue | undefined;
}

/** A queue of another program. */
export interface SharedQueue {
  /** BullMQ's `prefix` option. */
  readonly prefix: string;
  /** What the ids of this namespace's runs begin with. */
  readonly runPrefix: string;
}

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

export type ElectionConfig = Config["election"];
export type EtcdAddress = Extract<ElectionConfig, { readonly store: "etcd" }>["etcd"];
export type ListenConfig = Exclude<Config["http"], false>;
export type AdminConfig = Exclude<Config["admin"], false | null>;
export type Overlap = Job["overlap"];
