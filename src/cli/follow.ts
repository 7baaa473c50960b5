import { isRedisFailure } from "../client/redis-session.ts";
import { sleep } from "../clock/sleep.ts";
import { isBellwetherError, messageOf } from "../errors.ts";
import type { Io } from "./io.ts";

const INTERVAL_MS = 1_000;

/** Over the HTTP API: its replica is away. */
function isAway(error: unknown): boolean {
  return isBellwetherError(error, "BW_API_FAILED") || isBellwetherError(error, "BW_TOO_MANY_REQUESTS");
}

/**
 * Reads and shows, again and again, until the reader of the output closes it or a signal ends the process. A person who
 * watches a cluster wants to see it come back: when Redis goes away, one line on stderr says so, and reading goes on. At the
 * first reading that is a failure of the command.
 */
export async function follow<T>(io: Io, read: () => Promise<T>, show: (found: T) => void): Promise<void> {
  show(await read());
  let told = "";
  while (!io.unread?.aborted) {
    await sleep(INTERVAL_MS, io.unread);
    if (io.unread?.aborted) return;
    try {
      const found = await read();
      told = "";
      show(found);
    } catch (error) {
      if (!isRedisFailure(error) && !isAway(error)) throw error;
      const problem = messageOf(error);
      if (problem !== told) io.err(`${problem}; trying again\n`);
      told = problem;
    }
  }
}
