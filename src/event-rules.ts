import type { EventMap, EventName } from "./event-map.ts";

export type Level = "debug" | "info" | "warn" | "error";

type EventRule<K extends EventName> = {
  readonly level: Level | ((fields: EventMap[K]) => Level);
  readonly message: string;
};

/** Level and fixed text of each event. The values are in the fields, never in the text. */
export const EVENT_RULES: { readonly [K in EventName]: EventRule<K> } = {
  "replica.started": { level: "info", message: "replica started" },
  "replica.stopping": { level: "info", message: "replica stopping" },
  "replica.stopped": { level: "info", message: "replica stopped" },
  "replica.exited": {
    level: "error",
    message: "the process ends while runs are in progress; they are taken over when their locks run out",
  },
  "replica.interrupted": { level: "info", message: "stopped before the replica had started" },
  "replica.failed": { level: "error", message: "the replica cannot start or go on" },
  "log.recovered": { level: "warn", message: "the log can be written again; lines are missing" },
  "listener.failed": { level: "error", message: "a subscriber of the events failed" },
  "leader.elected": { level: "info", message: "this replica leads now" },
  "leader.observed": { level: "info", message: "following a leader" },
  "leader.resigned": { level: "info", message: "gave up leadership" },
  "leader.lost": { level: "warn", message: "lost leadership" },
  "leader.failed": { level: "error", message: "the leader's work broke down; resigning" },
  "leader.absent": { level: "error", message: "this replica knows of no leader" },
  "bid.failing": { level: "error", message: "this replica cannot stand for election; another one leads" },
  "clock.skewed": {
    level: "warn",
    message: "this machine's clock is off; ticks and retries follow the store's time",
  },
  "clock.stepped": { level: "warn", message: "the store's clock was set; ticks follow it" },
  "tick.launched": { level: "debug", message: "tick launched" },
  "tick.skipped": { level: "info", message: "tick skipped" },
  "tick.missed": { level: "warn", message: "tick missed" },
  "job.overdue": { level: "error", message: "job is overdue" },
  "job.silenced": { level: "error", message: "job is silent: its ticks until then count as decided" },
  "job.quarantined": { level: "error", message: "job cannot be launched and is set apart; all others go on" },
  "job.recovered": { level: "info", message: "job can be launched again" },
  "job.retired": { level: "info", message: "job retired" },
  "history.folded": {
    level: f => (f.dropped > 0 ? "warn" : "info"),
    message: "histories took more than history.memory; older rows were folded into counts per hour",
  },
  "history.overBudget": {
    level: "warn",
    message: "histories take more than history.memory, and nothing is left to fold",
  },
  "operator.acted": { level: "info", message: "an operator acted" },
  "api.answered": {
    level: f => (f.status >= 400 ? "warn" : "info"),
    message: "the HTTP API has answered a request that acts",
  },
  "run.completed": { level: "info", message: "run completed" },
  "run.failed": { level: f => (f.final ? "error" : "warn"), message: "run failed" },
  "run.endUnknown": { level: "warn", message: "it is not known how the run ended" },
  "run.returned": { level: "info", message: "run given back to its queue" },
  "run.strayError": { level: "error", message: "error outside of a handler's promise" },
  "config.loaded": { level: "info", message: "configuration loaded" },
  "config.rejected": { level: "error", message: "configuration rejected" },
  "config.resolved": { level: "info", message: "the rejected change of the configuration was taken back" },
  "handlers.changed": {
    level: "warn",
    message: "files of handlers have changed; this replica runs the old ones until a restart",
  },
  "config.unread": { level: "warn", message: "a part of the configuration is not read" },
  "config.differs": { level: "warn", message: "another replica of this generation has other jobs or zones" },
  "namespace.shared": {
    level: "warn",
    message:
      "a higher generation with none of these jobs is in the same namespace, and keeps them from being launched",
  },
  "redis.unreachable": { level: "error", message: "Redis does not answer; trying again" },
  "redis.connected": { level: "info", message: "connected to Redis" },
  "etcd.unreachable": { level: "error", message: "etcd does not answer; trying again" },
  "etcd.connected": { level: "info", message: "connected to etcd" },
  "redis.lostData": { level: "error", message: "Redis has lost data of the namespace" },
  "redis.warning": { level: "warn", message: "Redis is not set up as it should be" },
  "launch.failed": { level: "warn", message: "launch failed; reading the cursors again" },
  "launch.stalled": { level: "error", message: "launches get no answer although Redis answers; resigning" },
  "run.stalled": { level: "warn", message: "run taken back from a replica that stopped renewing its lock" },
  "run.stuck": { level: "error", message: "launched run does not start" },
  "run.unstuck": { level: "info", message: "run is not stuck any more" },
  "run.lost": { level: "warn", message: "lost the run; this attempt does not count" },
  "run.resultDropped": { level: "warn", message: "run completed; its result is not kept" },
  "run.unrecorded": { level: "warn", message: "the end of the run is not in the history" },
  "worker.error": { level: "error", message: "a queue's worker reported an error" },
  "worker.silent": { level: "error", message: "the workers hear nothing from Redis; connecting again" },
  "worker.heard": { level: "info", message: "the workers hear from Redis again" },
  "lock.acquired": { level: "debug", message: "lock acquired" },
  "lock.released": { level: "debug", message: "lock released" },
  "lock.lost": { level: "warn", message: "lock lost while its work was under way" },
};
