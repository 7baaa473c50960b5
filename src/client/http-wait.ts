import { sleep } from "../clock/sleep.ts";
import { BellwetherError } from "../errors.ts";
import type { HttpClient } from "./http-client.ts";
import type { RunResult } from "./triggering.ts";

const LOOK_MS = 500;

/**
 * Resolves when the run has completed, whichever replica does it.
 *
 * @throws BellwetherError BW_RUN_FAILED, BW_RUN_REMOVED and BW_WAIT_TIMEOUT; BW_API_FAILED and what the API answers
 */
export async function waitOverHttp(
  api: HttpClient,
  run: string,
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<RunResult> {
  const startedMs = performance.now();
  for (;;) {
    const { state, attempts, result, error } = await api.run(run);
    const count = attempts.length;
    if (state === "completed") return { run, result, attempts: count };
    if (state === "failed")
      throw new BellwetherError("BW_RUN_FAILED", { run, attempts: count, error: error ?? "" });
    if (state === "removed") throw new BellwetherError("BW_RUN_REMOVED", { run });
    const leftMs = startedMs + timeoutMs - performance.now();
    if (leftMs <= 0) throw new BellwetherError("BW_WAIT_TIMEOUT", { run, timeoutMs });
    await sleep(Math.min(LOOK_MS, leftMs));
  }
}
