import { expect, test } from "vitest";
import {
  apartMs,
  axisTicks,
  panned,
  positionOf,
  usualWindow,
  zoomed,
} from "../../../src/dashboard/views/timeline-window.ts";

const HOUR_MS = 3_600_000;
const view = { fromMs: 0, toMs: 48 * HOUR_MS };

test("zooming keeps the instant under the pointer where it is", () => {
  for (const share of [0, 0.25, 1]) {
    const at = view.fromMs + share * (view.toMs - view.fromMs);
    expect(positionOf(zoomed(view, 0.5, share), 1_000, at)).toBeCloseTo(share * 1_000);
  }
});

test("zooming ends at two minutes and at two weeks", () => {
  const width = ({ fromMs, toMs }: typeof view) => toMs - fromMs;
  expect(width(zoomed(view, 1e-9))).toBe(120_000);
  expect(width(zoomed(view, 1e9))).toBe(14 * 24 * HOUR_MS);
});

test("launches are read again soon where few minutes are shown, and seldom where days are", () => {
  const minutes = { fromMs: 0, toMs: HOUR_MS / 6 };
  expect([minutes, { fromMs: 0, toMs: 24 * HOUR_MS }, view].map(apartMs)).toEqual([3_000, 8_640, 15_000]);
});

test("panning keeps the width", () => {
  expect(panned(view, -0.25)).toEqual({ fromMs: -12 * HOUR_MS, toMs: 36 * HOUR_MS });
});

test("the axis has round instants of its zone, and not more than asked for", () => {
  const ticks = axisTicks(usualWindow(1_795_885_200_000), 8, 5.5 * HOUR_MS);
  expect(ticks.length).toBeLessThanOrEqual(9);
  expect(ticks.every(at => (at + 5.5 * HOUR_MS) % (6 * HOUR_MS) === 0)).toBe(true);
});
