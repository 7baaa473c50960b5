import { expect, it } from "vitest";
import { measureBellwether } from "../../bench/rolling/bellwether.ts";
import { MAIN } from "../support/command.ts";

const REPLICAS = 3;
const ROUNDS = 2;
const JOBS = 20;

it.each(["redis", "etcd"] as const)(
  "loses no tick and launches none twice while all replicas are replaced one by one, twice over (%s)",
  async store => {
    const jobs = Array.from({ length: JOBS }, (_, i) => ({ name: `job-${i}`, periodMs: 980 + 2 * i }));
    const { verdict, pods } = await measureBellwether({
      store,
      order: "surge",
      replicas: REPLICAS,
      rounds: ROUNDS,
      jobs,
      isSameInstant: false,
      main: MAIN,
      onProgress: () => undefined,
    });
    expect(verdict.violations).toEqual([]);
    expect(pods.exitCodes).toEqual(Array(REPLICAS * ROUNDS).fill(0));
    expect(verdict.newestTerm).toBeGreaterThan(ROUNDS);
    expect(verdict.launched).toBe(verdict.ticks);
  },
);
