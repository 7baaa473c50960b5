import "../supported-node.ts";

export type { RunResult } from "../client/triggering.ts";
export type { AbortCause } from "../worker/attempt.ts";
export {
  startTestBellwether,
  TestBellwether,
  type TestBellwetherOptions,
  type TestHooks,
  type TickOptions,
  useTestBellwether,
} from "./test-bellwether.ts";
export { type LoggedLine, type TestRun, type TestRunOptions, testRun } from "./test-run.ts";
