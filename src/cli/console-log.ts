import { format } from "node:util";
import type { GivenLogger } from "../given-log.ts";
import { withoutInternalFrames } from "../handlers/stack-frames.ts";

/** BullMQ prints this once per connection; `redis.warning` says it once. */
const TOLD_ELSEWHERE = /^IMPORTANT! Eviction policy is /;

const LEVELS = { debug: "debug", log: "info", info: "info", warn: "warn", error: "error" } as const;

/** From now on what any code prints with `console` is a line of the log like all others: one JSON object. */
export function logConsole(log: Pick<GivenLogger, "debug" | "info" | "warn" | "error">): void {
  for (const [method, level] of Object.entries(LEVELS)) {
    const print = (...args: unknown[]) => {
      const text = withoutInternalFrames(format(...args));
      if (!TOLD_ELSEWHERE.test(text)) log[level]({}, text);
    };
    Object.assign(console, { [method]: print });
  }
}
