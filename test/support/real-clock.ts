import { StoreClock } from "../../src/clock/store-clock.ts";

/** Real time, for suites that run against real servers. */
export function realClock(): StoreClock {
  return new StoreClock({ readStoreTimeMs: async () => Date.now() });
}
