import type { Pod } from "../../test/support/rolling-restart.ts";
import type { PodTimes } from "./outcome.ts";

/** Notes how long pods take to get ready and to end. */
export class PodClock implements PodTimes {
  readonly readyMs: number[] = [];
  readonly endMs: number[] = [];
  readonly exitCodes: (number | null)[] = [];

  time(pod: Pod): Pod {
    const startedMs = performance.now();
    return {
      whenReady: async () => {
        await pod.whenReady();
        this.readyMs.push(performance.now() - startedMs);
      },
      end: async () => {
        const toldMs = performance.now();
        const exitCode = await pod.end();
        this.endMs.push(performance.now() - toldMs);
        this.exitCodes.push(exitCode);
        return exitCode;
      },
    };
  }
}
