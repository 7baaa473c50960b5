import "./supported-node.ts";

export { Bellwether, type Health } from "./bellwether.ts";
export type { BaseOptions, BellwetherOptions, ContextOption } from "./bellwether-options.ts";
export type { AuditOptions } from "./client/audit-page.ts";
export type { BackfillRange, BackfillResult } from "./client/backfilling.ts";
export type { BulkError, BulkItem, BulkOptions, BulkResult, BulkTarget, JobFilter } from "./client/bulk.ts";
export type { Client } from "./client/client.ts";
export type {
  ActOptions,
  BackfillOptions,
  ListOptions,
  TriggerAndWaitOptions,
  TriggerOptions,
} from "./client/client-options.ts";
export type { ComingTick, NextOptions } from "./client/coming-ticks.ts";
export {
  type Acts,
  type ConnectByAddress,
  type ConnectByConfig,
  type ConnectOptions,
  connect,
  type RedisSettings,
} from "./client/connect.ts";
export type { WhyOptions } from "./client/explain-tick.ts";
export type { Collision, Forecast, ForecastOptions } from "./client/forecast.ts";
export type { JobDetail } from "./client/job-detail.ts";
export type { DayCounts, Facets, JobList, JobListOptions, JobRow, PausedBy } from "./client/job-row.ts";
export type { NextPage, NextPageOptions } from "./client/next-page.ts";
export type { PauseOptions, PauseResult, ResumeResult } from "./client/pausing.ts";
export type { PolicyRow } from "./client/policies.ts";
export type { ReplicaInfo } from "./client/replicas.ts";
export type { CancelResult, RetryResult } from "./client/run-acts.ts";
export type { RunAttempt, RunDetail } from "./client/runs.ts";
export type { KeepResult, SkipResult } from "./client/skipping.ts";
export type { HistoryStatus, ShownOfReplica, Status, StatusOptions } from "./client/status.ts";
export type { StepDownResult } from "./client/stepping-down.ts";
export type { Page, TermInfo, TermsOptions } from "./client/terms.ts";
export type { FutureTicksOptions, TicksOptions } from "./client/ticks.ts";
export type { Gap, Lane, LaneBucket, Timeline, TimelineOptions } from "./client/timeline.ts";
export type { RunResult, TriggerResult, WaitOptions } from "./client/triggering.ts";
export type { Cause, CauseKind, Verdict, Why } from "./client/why/why.ts";
export type { Config, Job, SharedQueue } from "./config/config.ts";
export type { Environment } from "./config/document/environment.ts";
export type { JobPlaces } from "./config/job-places.ts";
export type { NamedHandler } from "./config/jobs.ts";
export {
  type CodePart,
  type ConfigIssue,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  type UsableParts,
} from "./config/load.ts";
export type { PolicySources } from "./config/policy-sources.ts";
export { BellwetherError, type ErrorCode, type ErrorFields, isBellwetherError } from "./errors.ts";
export type {
  BellwetherEvent,
  EventMap,
  EventName,
  Role,
  StartPhase,
  TermBeginning,
  TickKind,
} from "./event-map.ts";
export type { EventStreamOptions, EventsDropped, StreamedEvent } from "./event-stream.ts";
export { type EventListener, Events, type Subscriber } from "./events.ts";
export type { GivenLogger, LogWrite } from "./given-log.ts";
export { type CheckedHandlerOptions, type DefinedHandler, defineHandler } from "./handlers/define-handler.ts";
export {
  type DataOf,
  defineJob,
  type JobInCode,
  type JobOptions,
  type JobWithoutFunction,
  type OneOrMany,
  type RetentionOptions,
} from "./handlers/define-job.ts";
export { ExpectedFailure } from "./handlers/expected-failure.ts";
export type { HandlerFunction, Run, RunLog } from "./handlers/handler.ts";
export type { HandlerRef } from "./handlers/handler-kinds.ts";
export type { Context, Register } from "./handlers/register.ts";
export type { FoldedCounts } from "./launch/folded-hour.ts";
export type { ActionOutcome } from "./launch/history-record.ts";
export type { AuditRow, HistoryRow, LastRun } from "./launch/read-history.ts";
export type { RunState } from "./launch/run-look.ts";
export type { Outcome as StripOutcome, Spread as DurationSpread } from "./launch/strip.ts";
export { type CreateLocksOptions, createLocks } from "./locks/create-locks.ts";
export type { Lock, LockFunction, LockOptions } from "./locks/lock.ts";
export type { LockScope, Locks } from "./locks/locks.ts";
export type { RequestOptions } from "./operator/operator.ts";
export type { EndCause, LockLostReason, TermCode } from "./reasons.ts";
export type { AskedOptions, GivenConnection } from "./redis/given-connection.ts";
export type { Calendar } from "./schedule/calendar.ts";
export type { Exception, Stretch } from "./schedule/exception.ts";
export type { Candidate, DstRule, Exclusion, Schedule, Tick, TickCount } from "./schedule/schedule.ts";
export type { ScheduleSpec } from "./schedule/spec.ts";
export { currentRun, type RunScope } from "./worker/stray-errors.ts";
