import { BellwetherError, failureOf } from "../errors.ts";
import { Events } from "../events.ts";
import { createLog, logEvents } from "../log.ts";
import { CliFailure } from "./io.ts";

/** A replica's failure before there is a replica that logs: the log must show why a pod does not start. */
export function tellFailure(error: unknown): void {
  const events = new Events();
  logEvents(events, createLog("info"));
  const isUsage = error instanceof CliFailure;
  events.emit(
    "replica.failed",
    failureOf(isUsage ? new BellwetherError("BW_USAGE", { problem: error.message }) : error),
  );
}

/** Calls `step`, and logs why it fails. */
export async function tellingFailure<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    tellFailure(error);
    throw error;
  }
}
