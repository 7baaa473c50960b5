import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineHandler } from "../../../src/handlers/define-handler.ts";
import { defineJob } from "../../../src/handlers/define-job.ts";
import { testRun } from "../../../src/testing/test-run.ts";

describe("testRun", () => {
  it("calls the handler with its data and a run, and resolves with what it returned", async () => {
    const handler = defineHandler<{ format: string }>(async (data, run) => {
      run.log.info({ format: data.format }, "writing the report");
      run.log.warn("slow");
      await run.progress(50);
      return { run: run.id, kind: run.kind, attempt: run.attempt };
    });
    const tick = new Date("2026-11-23T07:00:00Z");
    const run = testRun(handler, {
      data: { format: "pdf" },
      job: "report",
      tick,
      kind: "catch-up",
      attempt: 2,
    });
    expect(await run.result).toEqual({ run: "report@20261123T070000Z", kind: "catch-up", attempt: 2 });
    expect(run.logs).toEqual([
      { level: "info", fields: { format: "pdf" }, message: "writing the report" },
      { level: "warn", fields: {}, message: "slow" },
    ]);
    expect(run.progress).toEqual([50]);
    expect(run.run.tick).toEqual(tick);
  });

  it("applies the schema, and gives a job in code its own data", async () => {
    const schema = z.object({ format: z.enum(["csv", "pdf"]), copies: z.number().default(1) });
    const handler = defineHandler({ schema, run: data => data });
    expect(await testRun(handler, { data: { format: "pdf", copies: 3 } }).result).toEqual({
      format: "pdf",
      copies: 3,
    });
    const job = defineJob({ every: "1h", schema, data: { format: "csv" }, run: data => data });
    expect(await testRun(job).result).toEqual({ format: "csv", copies: 1 });
    await expect(testRun(handler, { data: { format: "doc" } as never }).result).rejects.toMatchObject({
      code: "BW_DATA_INVALID",
    });
  });

  it("has the type of what the handler returns", async () => {
    const plain = testRun(
      defineHandler(async ({ pages }: { pages: number }) => ({ pages })),
      {
        data: { pages: 2 },
      },
    );
    expectTypeOf(plain.result).toEqualTypeOf<Promise<{ pages: number }>>();
    expect((await plain.result).pages).toBe(2);
    const checked = defineHandler({ schema: z.object({ copies: z.number() }), run: ({ copies }) => copies });
    expectTypeOf(testRun(checked, { data: { copies: 1 } }).result).toEqualTypeOf<Promise<number>>();
  });

  it("gives the handler its context, or says that there is none", async () => {
    const handler = defineHandler((_, run) => run.context);
    expect(await testRun(handler, { context: "pool" }).result).toBe("pool");
    await expect(testRun(handler).result).rejects.toMatchObject({ code: "BW_CONTEXT_MISSING" });
  });

  it("rejects with the error itself, also of a handler that is not async", async () => {
    const error = new TypeError("no such format");
    const { result } = testRun(() => {
      throw error;
    });
    await expect(result).rejects.toBe(error);
  });

  it.each([
    ["timeout", "BW_RUN_TIMEOUT"],
    ["shutdown", "BW_RUN_SHUTDOWN"],
    ["lost", "BW_RUN_LOST"],
  ] as const)("aborts with the reason of a replica: %s", async (cause, code) => {
    const run = testRun(
      async (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    run.abort(cause);
    await expect(run.result).rejects.toMatchObject({ code });
  });

  it("records locks, which exclude each other", async () => {
    const order: string[] = [];
    const run = testRun(async (_, { lock }) => {
      const work = (name: string) => async () => {
        order.push(`${name} begins`);
        await new Promise(setImmediate);
        order.push(`${name} ends`);
      };
      await Promise.all([
        lock("invoices", { ttl: "30s" }, work("first")),
        lock("invoices", { ttl: "30s" }, work("second")),
      ]);
    });
    await run.result;
    expect(order).toEqual(["first begins", "first ends", "second begins", "second ends"]);
    expect(run.locks).toEqual([
      { name: "invoices", fence: 1 },
      { name: "invoices", fence: 2 },
    ]);
  });

  it("checks what is asked of a lock, and ends the waiting for one at an abort", async () => {
    const run = testRun(async (_, { lock }) =>
      lock("a", { ttl: "30s" }, () => lock("a", { ttl: "30s" }, () => "never")),
    );
    run.abort("shutdown");
    await expect(run.result).rejects.toMatchObject({ code: "BW_RUN_SHUTDOWN" });
    await expect(testRun((_, { lock }) => lock("a b", { ttl: 1 }, () => 0)).result).rejects.toMatchObject({
      code: "BW_LOCK_INVALID",
    });
    await expect(
      testRun((_, { lock }) =>
        lock("a", { ttl: "30s" }, () => lock("a", { ttl: "30s", wait: 0 }, () => "never")),
      ).result,
    ).rejects.toMatchObject({ code: "BW_LOCK_TIMEOUT" });
  });
});
