import { Redis } from "ioredis";
import { describe, expect, vi } from "vitest";
import { z } from "zod";
import { defineJob } from "../../src/index.ts";
import { startTestBellwether, TestBellwether, useTestBellwether } from "../../src/testing/index.ts";
import { test } from "../support/embedded.ts";

const report = defineJob({
  every: "1h",
  schema: z.object({ format: z.enum(["csv", "pdf"]) }),
  data: { format: "csv" },
  run: ({ format }, run) => ({ format, kind: run.kind, db: run.context }),
});
const broken = defineJob({
  every: "1h",
  run: () => {
    throw new TypeError("no paper");
  },
});

describe("a replica for tests", () => {
  test("runs a job now, and tells how the run ended", async () => {
    await using started = await startTestBellwether({
      config: { election: { store: "etcd", etcd: { hosts: ["http://127.0.0.1:1"] } } },
      jobs: { report, broken },
      context: "pool",
    });
    expect(await started.tickNow("report", { data: { format: "pdf" } })).toMatchObject({
      result: { format: "pdf", kind: "manual", db: "pool" },
      attempts: 1,
    });
    await expect(started.tickNow("broken")).rejects.toMatchObject({
      code: "BW_RUN_FAILED",
      cause: expect.objectContaining({ message: "no paper" }),
    });
    await expect(started.tickNow("report", { data: { format: "doc" } })).rejects.toMatchObject({
      code: "BW_DATA_INVALID",
    });
    await expect(started.tickNow("rapport")).rejects.toMatchObject({ code: "BW_JOB_UNKNOWN" });
    expect(await started.bellwether.client.history("report")).toMatchObject([{ result: "completed" }]);
  });

  test("leaves no server behind, whether it was stopped or could not start", async ({ onTestFinished }) => {
    const started = await startTestBellwether({ config: {}, jobs: { report } });
    const redis = new Redis(started.redisUrl, { retryStrategy: null });
    onTestFinished(() => redis.disconnect());
    redis.on("error", () => undefined);
    expect(await redis.ping()).toBe("PONG");
    await Promise.all([started.stop(), started.stop()]);
    await vi.waitFor(() => expect(redis.status).toBe("end"));
    await expect(startTestBellwether({ config: {} })).rejects.toMatchObject({ code: "BW_CONFIG_INVALID" });
    await expect(startTestBellwether({ config: {}, jobs: { report }, id: "" })).rejects.toMatchObject({
      code: "BW_USAGE",
    });
  });

  test("starts and stops with the hooks of a test runner", async () => {
    const hooks: Record<"before" | "after", (() => Promise<void>) | undefined> = {
      before: undefined,
      after: undefined,
    };
    const started = useTestBellwether(
      {
        before: start => {
          hooks.before = start;
        },
        after: stop => {
          hooks.after = stop;
        },
      },
      { config: {}, jobs: { report }, context: "pool" },
    );
    expect(() => started()).toThrow("call it within a test");
    await hooks.before?.();
    expect(started()).toBeInstanceOf(TestBellwether);
    expect((await started().tickNow("report")).attempts).toBe(1);
    await hooks.after?.();
    await expect(started().tickNow("report")).rejects.toMatchObject({ code: "BW_CLIENT_CLOSED" });
  });
});

test("there is no client before the configuration has been read", async ({ embed }) => {
  expect(() => embed({ jobs: { report }, context: "pool" }).client).toThrow(/before start\(\)/);
});
