import "./supported-node.ts";

export { Bellwether, type Health } from "./bellwether.ts";
export type { BellwetherOptions } from "./bellwether-options.ts";
export type { BackfillRange, BackfillResult } from "./client/backfilling.ts";
export type {
  ActOptions,
  BackfillOptions,
  Client,
  ListOptions,
  TriggerAndWaitOptions,
  TriggerOptions,
} from "./client/client.ts";
export type { ComingTick, NextOptions } from "./client/coming-ticks.ts";
export { type ConnectOptions, connect, type RedisSettings } from "./client/connect.ts";
export type { PauseResult, ResumeResult } from "./client/pausing.ts";
export type { KeepResult, SkipResult } from "./client/skipping.ts";
export type { Status } from "./client/status.ts";
export type { StepDownResult } from "./client/stepping-down.ts";
export type { RunResult, TriggerResult, WaitOptions } from "./client/triggering.ts";
export type { Config, Job } from "./config/config.ts";
export {
  type ConfigIssue,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  type UsableParts,
} from "./config/load.ts";
export { BellwetherError, type ErrorCode, isBellwetherError } from "./errors.ts";
export type { BellwetherEvent, EventMap, EventName, Role, TickKind } from "./event-map.ts";
export type { EventStreamOptions, EventsDropped, StreamedEvent } from "./event-stream.ts";
export { type EventListener, Events } from "./events.ts";
export type { GivenLogger } from "./given-log.ts";
export { type CheckedHandlerOptions, type DefinedHandler, defineHandler } from "./handlers/define-handler.ts";
export {
  defineJob,
  type JobInCode,
  type JobOptions,
  type JobWithoutFunction,
} from "./handlers/define-job.ts";
export { ExpectedFailure } from "./handlers/expected-failure.ts";
export type { HandlerFunction, Run, RunLog } from "./handlers/handler.ts";
export type { Context, Register } from "./handlers/register.ts";
export type { AuditRow, HistoryRow } from "./launch/read-history.ts";
export { type CreateLocksOptions, createLocks } from "./locks/create-locks.ts";
export type { Lock, LockFunction, LockOptions } from "./locks/lock.ts";
export type { Locks } from "./locks/locks.ts";
export type { LockLostReason } from "./reasons.ts";
export type { AskedOptions, GivenConnection } from "./redis/given-connection.ts";
export { currentRun } from "./worker/stray-errors.ts";
