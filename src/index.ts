import "./supported-node.ts";

export type { Config, Job } from "./config/config.ts";
export {
  type ConfigIssue,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  type UsableParts,
} from "./config/load.ts";
export { BellwetherError, type ErrorCode } from "./errors.ts";
export type { EventMap, EventName, Role, TickKind } from "./event-map.ts";
export { Events } from "./events.ts";
export { type DefinedHandler, defineHandler } from "./handlers/define-handler.ts";
export { ExpectedFailure } from "./handlers/expected-failure.ts";
export type { HandlerFunction, Run, RunLog } from "./handlers/handler.ts";
export { type CreateLocksOptions, createLocks } from "./locks/create-locks.ts";
export type { Lock, LockFunction, LockOptions } from "./locks/lock.ts";
export type { Locks } from "./locks/locks.ts";
export type { LockLostReason } from "./reasons.ts";
export { Replica, type ReplicaOptions } from "./replica/replica.ts";
