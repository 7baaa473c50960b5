import type { RestartOrder } from "../../test/support/rolling-restart.ts";

/** How long a handler takes: so some are at work whenever a pod is stopped. */
export const HANDLER_MS = 50;
/** How many runs each pod takes at the same time. */
export const CONCURRENCY = 10;
/** How often the event stream is read; BullMQ keeps some ten thousand entries. */
export const READ_MS = 250;

export interface RollingOptions {
  readonly store: "redis" | "etcd";
  readonly order: RestartOrder;
  readonly replicas: number;
  readonly rounds: number;
  readonly jobs: readonly BenchJob[];
  /** All jobs have their ticks at the full seconds. */
  readonly isSameInstant: boolean;
  /** The program whose `run` command is a replica. */
  readonly main: string;
  readonly onProgress: (line: string) => void;
}

export interface BenchJob {
  readonly name: string;
  readonly periodMs: number;
}

/** One of those who were measured, over the ticks of the restarts. */
export interface Outcome {
  readonly name: string;
  readonly ticks: number;
  readonly lost: number;
  readonly doubled: number;
  /** From each tick until its run was ready for a worker. */
  readonly lateness: readonly Lateness[];
  readonly pods: PodTimes;
  /** How late a timer of the measuring process was meanwhile: what the machine does to anybody. */
  readonly stallMs: readonly number[];
}

export interface Lateness {
  readonly tickAtMs: number;
  readonly lateMs: number;
}

export interface PodTimes {
  /** From the start of a process until it took part. */
  readonly readyMs: readonly number[];
  /** From SIGTERM to the end. */
  readonly endMs: readonly number[];
  readonly exitCodes: readonly (number | null)[];
}
