import { expect, it } from "vitest";
import { drawChart } from "../../../bench/report/chart.ts";

const row = (contender: string, figures: Record<string, number | null>) => ({
  case: "10 < 20 jobs",
  contender,
  rounds: [figures],
});

function attributes(svg: string, tag: string, name: string): number[] {
  return [...svg.matchAll(new RegExp(`<${tag} class="(?:us|them)"[^>]* ${name}="([\\d.]+)"`, "g"))].map(
    ([, at]) => Number(at),
  );
}

it("draws bars from zero, as long as their figures", () => {
  const rows = [row("A", { lost: 50 }), row("B", { lost: 100 })];
  const svg = drawChart({ rows }, { title: "Lost", unit: "ticks", keys: ["lost"] });
  const [first = 0, second = 0] = attributes(svg, "rect", "width");
  expect(second).toBeCloseTo(2 * first, 0);
  expect(svg).toContain("prefers-color-scheme: dark");
});

it("draws ranges on a logarithmic axis", () => {
  const rows = [row("A", { p50: 1, p99: 10 }), row("B", { p50: 10, p99: 1_000 })];
  const svg = drawChart({ rows }, { title: "Late", unit: "ms", keys: ["p50", "p99"] });
  const [[a1 = 0, b1 = 0], [a2 = 0, b2 = 0]] = [attributes(svg, "line", "x1"), attributes(svg, "line", "x2")];
  expect(a2).toBe(b1);
  expect(b2 - b1).toBeCloseTo(2 * (a2 - a1), 0);
});

it("leaves out who lacks a figure, and escapes names", () => {
  const rows = [row("A", { p50: 1, p99: 2 }), row("B", { p50: null, p99: 2 })];
  const svg = drawChart({ rows }, { title: "Late", unit: "ms", keys: ["p50", "p99"] });
  expect(svg).toContain(">A</text>");
  expect(svg).not.toContain(">B</text>");
  expect(svg).toContain(">10 &lt; 20 jobs</text>");
});
