import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { html } from "../html.ts";
import type { Forecast } from "../shapes.ts";
import { count, counted } from "../words.ts";
import { day, dayMinute, minuteTime, zone } from "../zone.ts";

const HOUR_MS = 3_600_000;
const LEVELS = 5;
const CELL_WIDTH = 7;
const CELL_HEIGHT = 4;
const LABEL_HEIGHT = 18;

interface Cells {
  readonly startMs: number;
  readonly bucketMs: number;
  readonly columns: number;
  readonly rows: number;
  readonly counts: ReadonlyMap<number, number>;
  /** In a minute; the fewest are 0 unless each minute has launches. */
  readonly least: number;
  readonly most: number;
  /** One path for each level: thousands of cells, and a handful of elements. */
  readonly paths: readonly string[];
}

/** An hour is a column, a minute a row. Arrow keys move through it, and what is there is said. */
export function HeatMap({ forecast }: { forecast: Forecast }) {
  const cells = useMemo(() => cellsOf(forecast), [forecast]);
  const at = useSignal<number | null>(null);
  const width = cells.columns * CELL_WIDTH;
  const height = cells.rows * CELL_HEIGHT;
  const point = (event: MouseEvent) => {
    const {
      left,
      top,
      width: shown,
      height: tall,
    } = (event.currentTarget as Element).getBoundingClientRect();
    const column = Math.floor(((event.clientX - left) / shown) * cells.columns);
    const y = ((event.clientY - top) / tall) * (height + LABEL_HEIGHT) - LABEL_HEIGHT;
    const row = Math.floor(y / CELL_HEIGHT);
    at.value = row < 0 || row >= cells.rows ? null : column * cells.rows + row;
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -cells.rows, ArrowRight: cells.rows }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    at.value = Math.min(Math.max((at.value ?? -step) + step, 0), cells.columns * cells.rows - 1);
  };
  return html`
    <p class="readout" role="status">${readout(cells, at.value)}</p>
    <div class="scroll" tabindex="-1">
      <svg
        class="heat"
        viewBox=${`0 0 ${width} ${height + LABEL_HEIGHT}`}
        tabindex="0"
        role="img"
        aria-label="Launches a minute over the coming week. Arrow keys move from minute to minute."
        onMouseMove=${point}
        onMouseLeave=${() => {
          at.value = null;
        }}
        onKeyDown=${move}
      >
        <${Days} cells=${cells} zoneKey=${zone.value} />
        <g transform=${`translate(0 ${LABEL_HEIGHT})`}>
          <rect class="heat-0" width=${width} height=${height} />
          ${cells.paths.map((path, i) => html`<path class=${`heat-${i + 1}`} d=${path} />`)}
          <${Cursor} cells=${cells} at=${at.value} />
        </g>
      </svg>
    </div>
    <${Scale} cells=${cells} />
  `;
}

function cellsOf({ from, to, bucketMs, buckets }: Forecast): Cells {
  const startMs = Math.floor(Date.parse(from) / HOUR_MS) * HOUR_MS;
  const size = Math.min(Math.max(bucketMs, 60_000), HOUR_MS);
  const rows = Math.max(1, Math.round(HOUR_MS / size));
  const columns = Math.max(1, Math.ceil((Date.parse(to) - startMs) / HOUR_MS));
  const counts = new Map<number, number>();
  for (const [at, launches] of buckets) {
    const cell = Math.floor((Date.parse(at) - startMs) / size);
    counts.set(cell, (counts.get(cell) ?? 0) + launches);
  }
  const launches = [...counts.values()];
  const most = Math.max(0, ...launches);
  // A job that starts each second must not hide all others.
  const isFull = counts.size * size >= Date.parse(to) - Date.parse(from);
  const least = isFull ? Math.min(most, ...launches) : 0;
  const paths = Array.from({ length: LEVELS }, () => [] as string[]);
  for (const [cell, value] of counts) {
    const x = Math.floor(cell / rows) * CELL_WIDTH;
    const y = (cell % rows) * CELL_HEIGHT;
    paths[levelOf(value - least, most - least) - 1]?.push(
      `M${x} ${y}h${CELL_WIDTH - 1}v${CELL_HEIGHT - 1}h-${CELL_WIDTH - 1}z`,
    );
  }
  return {
    startMs,
    bucketMs: size,
    columns,
    rows,
    counts,
    least,
    most,
    paths: paths.map(one => one.join("")),
  };
}

/** 0 to 5. By the logarithm: one launch and thirty are further apart than thirty and sixty. */
function levelOf(launches: number, most: number): number {
  return Math.ceil((LEVELS * Math.log(1 + launches)) / Math.log(1 + most));
}

function readout(cells: Cells, at: number | null): string {
  if (at === null) return `Up to ${counted(cells.most, "launch", "launches")} in one minute`;
  const atMs = cells.startMs + at * cells.bucketMs;
  return `${dayMinute(atMs)}: ${counted(cells.counts.get(at) ?? 0, "launch", "launches")}`;
}

function Cursor({ cells, at }: { cells: Cells; at: number | null }) {
  if (at === null) return null;
  const x = Math.floor(at / cells.rows) * CELL_WIDTH;
  const y = (at % cells.rows) * CELL_HEIGHT;
  return html`<rect class="heat-cursor" x=${x - 1} y=${y - 1} width=${CELL_WIDTH + 1} height=${CELL_HEIGHT + 1} />`;
}

/** Where days begin in the chosen zone. */
function Days({ cells }: { cells: Cells; zoneKey: string }) {
  const starts = Array.from({ length: cells.columns }, (_, column) => column).filter(column =>
    minuteTime(cells.startMs + column * HOUR_MS).startsWith("00:"),
  );
  const first = starts[0] !== undefined && starts[0] < 8 ? [] : [0];
  return [...first, ...starts].map(
    column =>
      html`<text class="axis-text" x=${column * CELL_WIDTH} y="12">${day(cells.startMs + column * HOUR_MS)}</text>`,
  );
}

function Scale({ cells: { least, most } }: { cells: Cells }) {
  return html`<p class="scale faint">
    ${count(least)}
    <svg viewBox="0 0 84 12" aria-hidden="true">
      ${Array.from({ length: LEVELS + 1 }, (_, i) => html`<rect class=${`heat-${i}`} x=${i * 14} width="13" height="12" />`)}
    </svg>
    ${count(most)} launches a minute
  </p>`;
}
