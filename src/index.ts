export type { Config, Job } from "./config/config.ts";
export { loadConfig } from "./config/load.ts";
export { BellwetherError, type ErrorCode } from "./errors.ts";
export { type EventMap, type EventName, Events, type Role, type TickKind } from "./events.ts";
export { defineHandler } from "./handlers/define-handler.ts";
export type { Run, RunLog } from "./handlers/handler.ts";
export { Replica, type ReplicaOptions } from "./replica.ts";
