import type { Run, RunLog } from "../../src/handlers/handler.ts";

export interface TestRun {
  readonly run: Run;
  /** What the handler logged, in order. */
  readonly logged: readonly { readonly level: keyof RunLog; readonly fields: object | string }[];
  /** Aborts the run's signal. */
  abort(reason?: Error): void;
}

/** A run as a handler gets it, outside of any worker. */
export function testRun(overrides: Partial<Run> = {}): TestRun {
  const controller = new AbortController();
  const logged: { level: keyof RunLog; fields: object | string }[] = [];
  const log = (level: keyof RunLog) => (fields: object | string) => void logged.push({ level, fields });
  const run: Run = {
    id: "backup@20261123T070000Z",
    job: "backup",
    tick: new Date("2026-11-23T07:00:00Z"),
    kind: "scheduled",
    attempt: 2,
    term: 7,
    replica: "pod-1",
    signal: controller.signal,
    log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    context: undefined,
    progress: () => Promise.resolve(),
    lock: () => Promise.reject(new Error("BUG: this test takes no lock")),
    ...overrides,
  };
  return { run, logged, abort: (reason = new Error("the run was stopped")) => controller.abort(reason) };
}
