import { html } from "../html.ts";
import { outcomeOf } from "../outcome.ts";
import type { HistoryRow, Outcome } from "../shapes.ts";
import { duration } from "../words.ts";
import { dayTime } from "../zone.ts";

const HEIGHT = 60;
const PITCH = 10;
const FEWEST = 20;
const WIDTH = 8;

interface Bar {
  readonly ms: number;
  readonly outcome: Outcome;
  readonly tick: string;
}

/** How long runs took, and how late they were launched: the oldest of the rows at the left. */
export function RunChart({ rows, timezone }: { rows: readonly HistoryRow[]; timezone: string }) {
  const runs = rows.filter(({ outcome }) => outcome === "launched").toReversed();
  if (runs.length < 2) return null;
  const durations = runs.flatMap((row): Bar[] =>
    row.durationMs === undefined ? [] : [{ ms: row.durationMs, outcome: outcomeOf(row), tick: row.tick }],
  );
  const lates = runs.map((row): Bar => ({ ms: row.lateMs, outcome: "skipped", tick: row.tick }));
  return html`<div class="two charts">
    <${Chart} name="Ran for" bars=${durations} timezone=${timezone} />
    <${Chart} name="Launched late by" bars=${lates} timezone=${timezone} />
  </div>`;
}

function Chart({ name, bars, timezone }: { name: string; bars: readonly Bar[]; timezone: string }) {
  const most = Math.max(1, ...bars.map(({ ms }) => ms));
  const columns = Math.max(bars.length, FEWEST);
  // The newest are at the right, also where there are few.
  const first = columns - bars.length;
  const path = (outcome: Outcome) =>
    bars
      .flatMap((bar, i) => (bar.outcome === outcome ? [barPath((first + i) * PITCH, bar, most)] : []))
      .join("");
  const [oldest, newest] = [bars[0], bars.at(-1)];
  return html`<figure class="chart">
    <figcaption>${name} <span class="faint">up to ${duration(most)}</span></figcaption>
    <svg
      viewBox=${`0 0 ${columns * PITCH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label=${`${name}: ${bars.length} runs, at most ${duration(most)}`}
    >
      <path class="pulse-base" d=${`M0 ${HEIGHT - 0.5}h${columns * PITCH}`} />
      ${(["completed", "skipped", "failed"] as const).map(outcome => html`<path class=${`is-${outcome}`} d=${path(outcome)} />`)}
    </svg>
    <p class="chart-ends faint">
      <span>${oldest && dayTime(oldest.tick, timezone)}</span><span>${newest && dayTime(newest.tick, timezone)}</span>
    </p>
  </figure>`;
}

/** A failed run has a notch at its foot, as in the strips. */
function barPath(x: number, { ms, outcome }: Bar, most: number): string {
  const height = Math.max(2, (ms / most) * HEIGHT);
  const notch = outcome === "failed" && height > 8 ? `M${x} ${HEIGHT - 4}h${WIDTH}v4h-${WIDTH}z` : "";
  const foot = notch === "" ? HEIGHT : HEIGHT - 6;
  return `M${x} ${HEIGHT - height}h${WIDTH}V${foot}h-${WIDTH}z${notch}`;
}
