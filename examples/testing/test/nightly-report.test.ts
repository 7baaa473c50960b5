import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { testRun, useTestBellwether } from "bellwether/testing";
import report from "../jobs/nightly-report.ts";

describe("the handler, without a server", () => {
  it("names the file by the tick, and not by the day on which it runs", async () => {
    const run = testRun(report, { data: { pages: 2 }, tick: new Date("2026-11-23T01:00:00Z") });
    assert.deepEqual(await run.result, { file: "report-2026-11-23.csv" });
    assert.deepEqual(run.progress, [50, 100]);
    assert.deepEqual(run.logs, [{ level: "info", fields: { pages: 2 }, message: "wrote the report" }]);
  });

  it("ends when its replica shuts down", async () => {
    const run = testRun(report, { data: { pages: 2 } });
    run.abort("shutdown");
    await assert.rejects(run.result, { code: "BW_RUN_SHUTDOWN" });
  });
});

describe("the job, in a replica with a Redis of its own", () => {
  const test = useTestBellwether({ before, after }, { config: "./config" });

  it("gets the data of its configuration", async () => {
    const { result, attempts } = await test().tickNow("nightly-report");
    assert.match(String(Object(result).file), /^report-\d{4}-\d\d-\d\d\.csv$/);
    assert.equal(attempts, 1);
  });

  it("fails when both attempts have failed", async () => {
    const failed = test().tickNow("nightly-report", { data: { pages: 0 } });
    await assert.rejects(failed, { code: "BW_RUN_FAILED", message: /there is nothing to report/ });
  });
});
