import type { Job } from "../../src/config/config.ts";
import type { Commit } from "../../src/launch/commit.ts";
import { Launcher } from "../../src/launch/launcher.ts";
import { readHistory } from "../../src/launch/read-history.ts";
import { Operator } from "../../src/operator/operator.ts";
import type { Decision } from "../../src/schedule/decision.ts";
import { test as base } from "./fixtures.ts";
import { jobOf } from "./jobs.ts";

export const T0 = Date.UTC(2026, 10, 23, 7);
export const FENCE = "1:token";

/** A namespace in its first term: launchers of its leader, operators, and what BullMQ and the history say. */
export const test = base
  /** A connection that opens the term. */
  .extend("redis", async ({ connect, keys }) => {
    const redis = await connect("plain");
    await redis.set(keys.term, FENCE);
    return redis;
  })
  /** The connection of the leader. */
  .extend("fenced", ({ connect }) => connect("noRetry"))
  .extend(
    "lead",
    ({ redis: _, fenced, keys, defer }) =>
      (jobs: readonly Job[] = [jobOf("report")], connection = fenced) => {
        const launcher = new Launcher({ redis: connection, keys, jobs });
        defer(() => launcher.close());
        const open = async (nowMs = T0) => {
          const opened = await launcher.open(FENCE, nowMs);
          if (opened.outcome !== "opened") throw new Error("fenced");
          return {
            ...opened,
            cursors: new Map(opened.cursors),
          };
        };
        /** Ten seconds after `T0`, with no controls, unless `more` says otherwise. */
        const commit = (
          decisions: readonly Decision[],
          cursors: ReadonlyMap<string, number>,
          more: Partial<Commit> = {},
        ) => {
          const usual = { fence: FENCE, term: 1, controlsVersion: 0, nowMs: T0 + 10_000 };
          return launcher.commit({ ...usual, decisions, cursors, ...more });
        };
        return { launcher, open, commit };
      },
  )
  /** The runs that BullMQ has added to a queue, also those that it keeps no more. */
  .extend("added", ({ redis, keys }) => async (queue = "default") => {
    const entries = await redis.xrange(`${keys.bullmqPrefix}:${queue}:events`, "-", "+");
    return entries.filter(([, fields]) => fields[1] === "added").map(([, fields]) => fields[3]);
  })
  .extend(
    "history",
    ({ redis, keys }) =>
      (job = "report") =>
        readHistory(redis, keys, job, 50),
  )
  .extend(
    "operator",
    ({ redis, keys }) =>
      (by = "ann") =>
        new Operator({ redis, keys, by }),
  );

export function launchOf(tickAtMs: number, job = "report"): Decision {
  return { outcome: "launched", job, tickAtMs, kind: "scheduled" };
}
