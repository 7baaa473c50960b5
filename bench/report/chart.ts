/**
 * Draws a result as an SVG, without a library: a row for each contender, below the name of its case. It follows the reader's choice of
 * light or dark, also as a picture on a page. Each figure is also a text, so no color is needed to read it.
 */
import type { BenchResult } from "./bench-result.ts";
import { medianOf } from "./result-table.ts";

export interface ChartKind {
  readonly title: string;
  readonly unit: string;
  /** Keys of columns. One: a bar from zero. Two: a line between both, on a logarithmic axis. */
  readonly keys: readonly [string] | readonly [from: string, to: string];
}

interface Line {
  readonly label: string;
  /** Empty: a heading. */
  readonly values: readonly number[];
  readonly isFirst: boolean;
}

const WIDTH = 760;
const LEFT = 190;
/** Room for the figures behind the longest line. */
const RIGHT = 120;
const TOP = 44;
const ROW = 24;
const AXIS = 34;
const STYLE = `
  .back { fill: #ffffff } .text { fill: #1f2328 } .soft { fill: #59636e } .grid { stroke: #d1d9e0 }
  .us { fill: #0969da; stroke: #0969da } .them { fill: #818b98; stroke: #818b98 } .soft { stroke: #ffffff }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } .text { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
    .us { fill: #4493f8; stroke: #4493f8 } .them { fill: #8b949e; stroke: #8b949e } .soft { stroke: #0d1117 }
  }
  text { font: 13px system-ui, sans-serif; stroke-width: 4px; paint-order: stroke } .title { font-size: 15px; font-weight: 600 } .case { font-weight: 600 }`;

export function drawChart(result: Pick<BenchResult, "rows">, kind: ChartKind): string {
  const lines = linesOf(result, kind);
  const axis = axisOf(lines, kind);
  const bottom = TOP + lines.length * ROW;
  const parts = [
    `<rect class="back" width="${WIDTH}" height="${bottom + AXIS}" rx="6"/>`,
    textAt(16, 27, "text title", `${kind.title} (${kind.unit})`),
    ...axis.ticks.flatMap(tick => gridLine(axis.x(tick), bottom, shown(tick))),
    ...lines.flatMap((line, row) => drawLine(line, TOP + row * ROW + ROW / 2, axis.x)),
  ];
  const size = `viewBox="0 0 ${WIDTH} ${bottom + AXIS}" width="${WIDTH}" height="${bottom + AXIS}"`;
  const title = escaped(kind.title);
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n<title>${title}</title>\n<style>${STYLE}\n</style>\n${parts.join("\n")}\n</svg>\n`;
}

function linesOf({ rows }: Pick<BenchResult, "rows">, { keys }: ChartKind): Line[] {
  return Object.entries(Object.groupBy(rows, row => row.case)).flatMap(([name, ofCase = []]) => {
    const lines = ofCase.map((row, i) => ({
      label: row.contender,
      values: keys.flatMap(key => medianOf(row, key) ?? []),
      isFirst: i === 0,
    }));
    const drawn = lines.filter(({ values }) => values.length === keys.length);
    return drawn.length === 0 ? [] : [{ label: name, values: [], isFirst: false }, ...drawn];
  });
}

/** A logarithm has no zero: what is less than 1 is drawn as 1 there. */
function axisOf(lines: readonly Line[], { keys }: ChartKind) {
  const values = lines.flatMap(line => line.values);
  const span = WIDTH - LEFT - RIGHT;
  if (keys.length === 1) {
    const step = niceStep(Math.max(...values, 1) / 4);
    const most = step * Math.ceil(Math.max(...values, 1) / step);
    const ticks = Array.from({ length: Math.round(most / step) + 1 }, (_, i) => i * step);
    return { ticks, x: (value: number) => LEFT + (span * value) / most };
  }
  const logOf = (value: number) => Math.log10(Math.max(value, 1));
  const first = Math.floor(Math.min(...values.map(logOf)));
  const last = Math.max(Math.ceil(Math.max(...values.map(logOf))), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  return { ticks, x: (value: number) => LEFT + (span * (logOf(value) - first)) / (last - first) };
}

function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * ([1, 2, 5].find(factor => factor * power >= atLeast) ?? 10);
}

function drawLine({ label, values, isFirst }: Line, y: number, x: (value: number) => number): string[] {
  if (values.length === 0) return [textAt(16, y + 5, "text case", label)];
  const [from = 0, to] = values;
  const side = isFirst ? "us" : "them";
  const name = textAt(LEFT - 10, y + 5, "text", label, "end");
  const figures = textAt(x(to ?? from) + 10, y + 5, "soft", values.map(shown).join(" – "));
  if (to === undefined) {
    const width = Math.max(x(from) - LEFT, 1).toFixed(1);
    return [
      name,
      `<rect class="${side}" x="${LEFT}" y="${y - 7}" width="${width}" height="14" stroke="none"/>`,
      figures,
    ];
  }
  const [x1, x2] = [x(from).toFixed(1), x(to).toFixed(1)];
  return [
    name,
    `<line class="${side}" x1="${x1}" x2="${x2}" y1="${y}" y2="${y}" stroke-width="4"/>`,
    `<circle class="${side}" cx="${x1}" cy="${y}" r="5"/>`,
    `<circle class="${side}" cx="${x2}" cy="${y}" r="5"/>`,
    figures,
  ];
}

function gridLine(x: number, bottom: number, label: string): string[] {
  const at = x.toFixed(1);
  return [
    `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>`,
    textAt(x, bottom + 20, "soft", label, "middle"),
  ];
}

function textAt(x: number, y: number, kind: string, text: string, anchor = "start"): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function shown(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
