import { types } from "node:util";
import { expect } from "vitest";
import { test } from "../support/fixtures.ts";
import { hostileErrors } from "../support/hostile-values.ts";
import { cluster } from "./worker.setup.ts";

test("a run fails with a text, at its only attempt, whatever its handler throws", async ({
  server,
  defer,
}) => {
  const cases = hostileErrors().map((entry, i) => ({ ...entry, job: `job-${i}` }));
  const made = cluster(server);
  defer(() => made.close());
  const bodies = cases.map(({ job, thrown }) => [job, () => Promise.reject(thrown)] as const);
  const { events, workers } = await made.start("pod-1", Object.fromEntries(bodies));
  for (const { job } of cases) await made.launch(job);
  await events.wait("run.failed", cases.length);
  for (const { job, text, what } of cases) {
    const told = events.of("run.failed").find(event => event.job === job);
    expect(told, what).toMatchObject({ final: true, attempt: 1, error: expect.stringMatching(text) });
    expect(types.isNativeError(told?.thrown), what).toBe(true);
    const kept = await made.queue.getJob(told?.run ?? "");
    expect(kept?.failedReason, what).toMatch(text);
    expect(kept?.stacktrace?.join("").length, what).toBeLessThan(20_000);
  }
  expect(events.of("worker.error")).toEqual([]);
  expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
});

test("a run completes although what it returns can be read only once", async ({ server, defer }) => {
  const made = cluster(server);
  defer(() => made.close());
  let reads = 0;
  const refuse = () => {
    throw new Error("read before");
  };
  const { events } = await made.start("pod-1", {
    report: () => ({ toJSON: () => (reads++ === 0 ? { paid: 5 } : refuse()) }),
    odd: () => Symbol("odd"),
  });
  await made.launch("report");
  await made.launch("odd");
  await events.wait("run.completed", 2);
  expect(events.of("run.resultDropped")).toMatchObject([{ job: "odd" }]);
  const [report] = events.of("run.completed").filter(({ job }) => job === "report");
  expect((await made.queue.getJob(report?.run ?? ""))?.returnvalue).toEqual({ paid: 5 });
});
