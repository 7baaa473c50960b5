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
    find: "setTimeout(() => over.resolve(false), limitMs)",
    replace: "setTimeout(() => undefined, limitMs)",
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
    file: "src/redis/connect.ts",
    find: "  socketTimeout: SOCKET_TIMEOUT_MS,\n",
    replace: "",
    tests: ["test/integration/connect.test.ts"],
  },
];
