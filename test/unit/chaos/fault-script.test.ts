import { expect, it } from "vitest";
import { FAULTS, type FaultKind, type StoreKind } from "../../chaos/fault-kinds.ts";
import { drawScript } from "../../chaos/fault-script.ts";

const MINUTE_MS = 60_000;

it("gives the same faults for the same seed, and others for another one", () => {
  const options = { store: "redis", durationMs: MINUTE_MS } as const;
  expect(drawScript({ ...options, seed: 5 })).toEqual(drawScript({ ...options, seed: 5 }));
  expect(drawScript({ ...options, seed: 5 })).not.toEqual(drawScript({ ...options, seed: 6 }));
});

it.each<StoreKind>(["redis", "sentinel", "cluster", "etcd"])(
  "has every fault of %s, and 200 of them in ten minutes",
  store => {
    const script = drawScript({ seed: 1, store, durationMs: 10 * MINUTE_MS });
    const cards: [FaultKind, Partial<Record<StoreKind, number>>][] = Object.entries(FAULTS).map(
      ([fault, { cards }]) => [fault as FaultKind, cards],
    );
    const wanted = cards.flatMap(([fault, count]) => (count[store] ? [fault] : []));
    expect([...new Set(script.map(({ fault }) => fault))].sort()).toEqual(wanted.sort());
    expect(script.length).toBeGreaterThanOrEqual(200);
  },
);

it("aims at the moments of launches", () => {
  const script = drawScript({ seed: 1, store: "redis", durationMs: 10 * MINUTE_MS });
  const near = script.filter(({ atMs }) => (atMs + 20) % 1_000 <= 80);
  expect(near.length / script.length).toBeGreaterThan(0.5);
});

it("deals the faults that it is given once", () => {
  const once: FaultKind[] = ["SCRIPT FLUSH", "CLIENT KILL", "CLIENT KILL"];
  const script = drawScript({ seed: 1, store: "redis", durationMs: MINUTE_MS, once });
  expect(script.map(({ fault }) => fault).sort()).toEqual(once.sort());
});

it.each([1, 2, 3, 4, 5])(
  "has each kind of fault at least 20 times in ten minutes on each of the stores that have it (seed %i)",
  seed => {
    const stores = ["redis", "sentinel", "cluster", "etcd"] as const;
    const steps = stores.flatMap(store => drawScript({ seed, store, durationMs: 10 * MINUTE_MS }));
    const counts = Map.groupBy(steps, ({ fault }) => fault);
    const rare = Object.keys(FAULTS).flatMap(fault => {
      const count = counts.get(fault as FaultKind)?.length ?? 0;
      return count < 20 ? [`${fault}: ${count}`] : [];
    });
    expect(rare).toEqual([]);
  },
);

it("leaves a calm now and then, longer than what a fault may cost", () => {
  const script = drawScript({ seed: 1, store: "redis", durationMs: 10 * MINUTE_MS });
  const gaps = script.map(({ atMs }, i) => atMs - (script[i - 1]?.atMs ?? atMs));
  expect(gaps.filter(gap => gap >= 7_000).length).toBeGreaterThanOrEqual(10);
});

it("deals the faults whose names contain a text, and no others", () => {
  const script = drawScript({ seed: 1, store: "redis", durationMs: MINUTE_MS, only: "refused" });
  expect(script.length).toBeGreaterThan(5);
  expect(script.every(({ fault }) => fault.startsWith("refused: "))).toBe(true);
});
