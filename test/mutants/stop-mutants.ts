import type { Mutant } from "./mutant.ts";

const STOP = ["test/integration/replica-stop.test.ts"];

/** Nothing hangs: each wait has an end. */
export const STOP_MUTANTS: readonly Mutant[] = [
  {
    name: "start-not-ended-by-stop",
    rule: "each wait of a start ends with a stop",
    file: "src/clock/unless-aborted.ts",
    find: '  signal.addEventListener("abort", onAbort, { once: true });\n',
    replace: "",
    tests: STOP,
  },
  {
    name: "wait-without-limit",
    rule: "a wait with a limit ends at its limit",
    file: "src/clock/within.ts",
    find: "clock.sleep(limitMs, ending).then(() => late)",
    replace: "new Promise<L>(() => undefined)",
    tests: ["test/integration/worker-stop.test.ts"],
  },
  {
    name: "command-waits-for-connection",
    rule: "a command fails immediately while its connection is down",
    file: "src/redis/connect.ts",
    find: "enableOfflineQueue: false,",
    replace: "enableOfflineQueue: true,",
    tests: ["test/integration/connect.test.ts"],
  },
  {
    name: "command-without-deadline",
    rule: "a command that a silent server does not answer ends",
    file: "src/redis/silence-watch.ts",
    find: "if (this.#waitingMs >= limitMs) {",
    replace: "if (limitMs < 0) {",
    tests: ["test/integration/connect.test.ts"],
  },
  {
    name: "idle-connection-never-asks",
    rule: "a connection that has nothing to ask finds out that its server is silent",
    file: "src/redis/silence-watch.ts",
    find: "this.#quietMs >= (this.#limits.pingAfterMs ?? PING_AFTER_MS)",
    replace: "this.#quietMs < 0",
    tests: ["test/integration/silence.test.ts"],
  },
  {
    name: "busy-process-blames-server",
    rule: "time in which the event loop did not turn says nothing about the server",
    file: "src/redis/silence-watch.ts",
    find: "Math.min(nowMs - this.#beatMs, 2 * BEAT_MS)",
    replace: "nowMs - this.#beatMs",
    tests: ["test/integration/silence.test.ts"],
  },
  {
    name: "blocking-connection-unwatched",
    rule: "a blocking connection whose server is silent is made anew",
    file: "src/redis/connect.ts",
    find: '      new SilenceWatch(redis, { answerLimitMs, pingAfterMs, isSubscriber: purpose === "subscriber" }, family);\n',
    replace:
      '      if (answerLimitMs !== BLOCKED_ANSWER_LIMIT_MS) new SilenceWatch(redis, { answerLimitMs, pingAfterMs, isSubscriber: purpose === "subscriber" }, family);\n',
    tests: ["test/integration/silence.test.ts"],
  },
];
