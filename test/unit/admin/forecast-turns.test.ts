import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ForecastTurns } from "../../../src/admin/forecast-turns.ts";
import type { Forecast } from "../../../src/client/forecast.ts";

const EMPTY: Forecast = { from: "", to: "", bucketMs: 60_000, buckets: [], worst: [], quiet: "", total: 0 };

/** Forecasts that a test lets end; `most` is how many were made at the same time. */
function setup() {
  const made: { readonly days: number | undefined; readonly end: (error?: Error) => void }[] = [];
  let now = 0;
  let most = 0;
  const turns = new ForecastTurns(({ days }) => {
    now += 1;
    most = Math.max(most, now);
    const { promise, resolve, reject } = Promise.withResolvers<Forecast>();
    const end = (error?: Error) => {
      now -= 1;
      if (error) reject(error);
      else resolve({ ...EMPTY, total: days ?? 0 });
    };
    made.push({ days, end });
    return promise;
  });
  return { turns, made, most: () => most };
}

test("forecasts that are asked for together are made one after the other, and each once", async () => {
  const { turns, made, most } = setup();
  const answers = [1, 2, 1, 2, 3].map(days => turns.read({ days }));
  for (let i = 0; i < 3; i++) {
    await expect.poll(() => made.length).toBe(i + 1);
    made[i]?.end();
  }
  expect((await Promise.all(answers)).map(({ total }) => total)).toEqual([1, 2, 1, 2, 3]);
  expect([made.map(({ days }) => days), most()]).toEqual([[1, 2, 3], 1]);
});

test("one from another instant is another one", async () => {
  const { turns, made } = setup();
  const instants = ["2026-01-01", "2026-01-02", "2026-01-01"].map(day => new Date(day));
  const answers = instants.map(from => turns.read({ days: 1, from }));
  for (let i = 0; i < 2; i++) {
    await expect.poll(() => made.length).toBe(i + 1);
    made[i]?.end();
  }
  expect(await Promise.all(answers)).toHaveLength(3);
  expect(made).toHaveLength(2);
});

test("one that fails keeps no other from its turn", async () => {
  const { turns, made } = setup();
  const [one, other] = [turns.read({ days: 1 }), turns.read({ days: 2 })];
  await turn();
  made[0]?.end(new Error("no"));
  await expect(one).rejects.toThrow("no");
  await turn();
  made[1]?.end();
  expect(await other).toMatchObject({ total: 2 });
  const again = turns.read({ days: 1 });
  await turn();
  made[2]?.end();
  expect(await again).toMatchObject({ total: 1 });
});

test("of different ones a bounded number waits", async () => {
  const { turns, made } = setup();
  const waiting = Array.from({ length: 20 }, (_, i) => turns.read({ days: i + 1 }));
  await expect(turns.read({ days: 21 })).rejects.toMatchObject({ code: "BW_TOO_MANY_REQUESTS" });
  const shared = turns.read({ days: 20 });
  for (let i = 0; i < 20; i++) {
    await expect.poll(() => made.length).toBe(i + 1);
    made[i]?.end();
  }
  await Promise.all([...waiting, shared]);
});
