import type { StoreKind } from "../event-map.ts";
import type { HandlerRef } from "../handlers/handler-kinds.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { ScheduleSpec } from "../schedule/spec.ts";

/** The whole configuration of a replica: validated, defaults applied, frozen. Times are milliseconds. */
export interface Config {
  readonly namespace: string;
  readonly redis: RedisAddress;
  readonly election: ElectionConfig;
  /** Grows with each release of the config; once it has led for 10 s, replicas of older ones never lead again. */
  readonly generation: number;
  /** Every queue that is declared or that a job uses, by name: a queue that no job uses any more may still hold runs. */
  readonly queues: Readonly<Record<string, QueueConfig>>;
  readonly http: ListenConfig | false;
  readonly admin: (ListenConfig & { readonly tokens: readonly AdminToken[] }) | false;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
  /** How long running handlers may finish after SIGTERM. */
  readonly shutdownTimeoutMs: number;
  /** In the order of the files. */
  readonly jobs: readonly Job[];
  /** Hash of the job definitions: two replicas with the same hash do the same. */
  readonly hash: string;
  /** Where the jobs are, by name: `config/jobs.yaml:3:3`. */
  readonly jobPlaces: Readonly<Record<string, string>>;
  /** Absolute; where handler modules are looked for. */
  readonly jobsDir: string;
}

export type RedisAddress =
  | { readonly kind: "url"; readonly url: string; readonly tls?: TlsFiles }
  | ({
      readonly kind: "sentinel";
      readonly name: string;
      readonly nodes: readonly HostAndPort[];
      /** For the sentinels themselves. */
      readonly sentinelCredentials?: RedisCredentials;
    } & RedisAccess)
  | ({
      readonly kind: "cluster";
      readonly nodes: readonly HostAndPort[];
      /** The hash tag of all keys: the namespace. */
      readonly tag: string;
    } & RedisAccess);

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export interface RedisCredentials {
  /** The default user when absent. */
  readonly username?: string;
  readonly password: string;
}

interface RedisAccess {
  readonly credentials?: RedisCredentials;
  /** Absent without TLS. */
  readonly tls?: TlsFiles;
}

/** Paths of PEM files, read again for each connection; the system's CAs where there is none. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name that the certificate must have, where it is not the address that is connected to. */
  readonly serverName?: string | undefined;
}

export type ElectionConfig = { readonly leaseTtlMs: number } & (
  | { readonly store: Exclude<StoreKind, "etcd"> }
  | { readonly store: "etcd"; readonly etcd: EtcdAddress }
);

export interface EtcdAddress {
  /** `http://host:port` or `https://host:port`; all of one kind. */
  readonly hosts: readonly string[];
  /** Null without TLS. */
  readonly tls: Omit<TlsFiles, "serverName"> | null;
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

export interface QueueConfig {
  readonly concurrency: number;
}

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
}

export interface AdminToken {
  readonly name: string;
  readonly role: "viewer" | "operator";
  readonly token: string;
}

export type CatchUp = "none" | "latest" | "all";
export type Overlap = "allow" | "skip" | "queue";

export interface Job {
  readonly name: string;
  readonly schedule: Schedule;
  /** The schedule as written, for people: `0 2 * * *`, `every 30s`, `at 2026-12-24T18:00:00Z`. */
  readonly scheduleText: string;
  readonly spec: ScheduleSpec;
  readonly handler: HandlerRef;
  readonly queue: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly catchUp: CatchUp;
  readonly catchUpWindowMs: number;
  /** The most ticks that are caught up on together; older ones are missed. */
  readonly catchUpLimit: number;
  /** After this many launched ticks the job ends; null for no end. */
  readonly maxRuns: number | null;
  readonly overlap: Overlap;
  readonly retry: {
    /** 1 means no retry. */
    readonly attempts: number;
    readonly backoff: "exponential" | "fixed";
    readonly delayMs: number;
  };
  readonly timeoutMs: number | null;
}
