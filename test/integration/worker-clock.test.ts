import { describe, expect, vi } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { cluster } from "./worker.setup.ts";

const HOUR_MS = 60 * 60_000;

/** A namespace, and the clock of this machine ahead by so much. */
const test = base.extend("setup", ({ server, defer }) => (skewMs: number) => {
  const made = cluster(server);
  defer(made.close);
  const now = Date.now.bind(Date);
  const skewed = vi.spyOn(Date, "now").mockImplementation(() => now() + skewMs);
  defer(() => skewed.mockRestore());
  /** For how long the run was put off, by the clock of Redis: the ids of BullMQ's events have its time. */
  const delayMs = () =>
    vi.waitFor(
      async () => {
        const events = await made.connection.xrange(made.queue.toKey("events"), "-", "+");
        const delayed = events.find(([, fields]) => fields[1] === "delayed");
        if (!delayed) throw new Error("no run was put off yet");
        const [id, fields] = delayed;
        return Number(fields[fields.indexOf("delay") + 1]) - Number.parseInt(id, 10);
      },
      { timeout: 60_000 },
    );
  return { ...made, delayMs, more: { skewMs: () => skewMs } };
});

describe("on a machine whose clock is wrong", () => {
  test.for([
    ["an hour ahead", HOUR_MS],
    ["an hour behind", -HOUR_MS],
  ] as const)("a retry is due by the time of Redis: %s", async ([_, skewMs], { setup }) => {
    const { start, queue, delayMs, more } = setup(skewMs);
    await start("a", { fails: () => Promise.reject(new Error("no")) }, { more });
    await queue.add("fails", {}, { attempts: 2, backoff: { type: "fixed", delay: 20_000 } });
    const foundMs = await delayMs();
    expect(foundMs).toBeGreaterThan(0);
    expect(foundMs).toBeLessThan(21_000);
  });

  test("a run that has no handler yet is put off by the time of Redis", async ({ setup }) => {
    const { start, launch, delayMs, more } = setup(HOUR_MS);
    await start("a", {}, { more });
    await launch("unknown");
    const foundMs = await delayMs();
    expect(foundMs).toBeGreaterThan(0);
    expect(foundMs).toBeLessThan(60_000);
  });

  test("a retry is not an hour late where all clocks are an hour behind", async ({ setup }) => {
    const { start, launch, more } = setup(-HOUR_MS);
    let attempts = 0;
    const { events } = await start(
      "a",
      {
        twice: () => {
          attempts += 1;
          if (attempts === 1) throw new Error("once");
        },
      },
      { more },
    );
    await launch("twice", { attempts: 2 });
    await events.wait("run.completed");
    expect(attempts).toBe(2);
  });

  test.for([
    ["while it is idle", {}],
    ["right behind another run", { busy: () => undefined }],
  ] as const)(
    "a worker that is an hour ahead takes a delayed run when it is due in Redis: %s",
    async ([_, others], { setup }) => {
      const { start, queue, connection, more } = setup(HOUR_MS);
      const dueMs = (await redisTime(connection)) + 3_000;
      const begun = Promise.withResolvers<number>();
      const body = async () => begun.resolve(await redisTime(connection));
      await queue.add("later", {}, { timestamp: dueMs - 3_000, delay: 3_000, jobId: "later" });
      for (const name of Object.keys(others)) await queue.add(name, {});
      await start("a", { later: body, ...others }, { more });
      expect(await begun.promise).toBeGreaterThanOrEqual(dueMs);
    },
  );
});

async function redisTime(connection: { time(): Promise<unknown> }): Promise<number> {
  const [seconds, micros] = (await connection.time()) as [number, number];
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
