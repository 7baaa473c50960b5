/** What became of a tick, as a shape: the five differ in outline and height, so that colour only helps. */
import { classes, html } from "./html.ts";
import type { Outcome } from "./shapes.ts";
import { counted } from "./words.ts";

const OUTCOMES: readonly Outcome[] = ["completed", "failed", "running", "skipped", "missed"];

export const STRIP_TICKS = 60;
const CELL = 5;
const WIDTH = 4;
export const MARK_HEIGHT = 16;

/** The outline of a mark 4 wide and 16 high, whose left edge is at `x`. */
const SHAPES: Readonly<Record<Outcome, (x: number) => string>> = {
  completed: x => `M${x} 6h4v10h-4z`,
  /** An exclamation mark, taller than the others. */
  failed: x => `M${x} 0h4v10.5h-4zM${x} 12.5h4v3.5h-4z`,
  running: x => `M${x} 6h4v10h-4zM${x + 1} 7v8h2v-8z`,
  skipped: x => `M${x} 13h4v3h-4z`,
  missed: x => `M${x + 2} 3l2 4.5-2 4.5-2-4.5z`,
};

/** The last 60 ticks, newest at the right: one path for each outcome, however many ticks there are. */
export function Strip({ outcomes }: { outcomes: readonly Outcome[] }) {
  const shown = outcomes.slice(-STRIP_TICKS);
  const first = STRIP_TICKS - shown.length;
  const width = STRIP_TICKS * CELL - (CELL - WIDTH);
  const paths = OUTCOMES.flatMap(outcome => {
    const marks = shown.flatMap((one, i) => (one === outcome ? [SHAPES[outcome]((first + i) * CELL)] : []));
    return marks.length === 0 ? [] : [html`<path class=${`is-${outcome}`} d=${marks.join("")} />`];
  });
  return html`<svg
    class="strip"
    viewBox=${`0 0 ${width} ${MARK_HEIGHT}`}
    role="img"
    aria-label=${stripText(shown)}
  >
    ${first > 0 && html`<path class="is-none" d=${`M0 15.5h${first * CELL - 1}`} />`}
    ${paths}
  </svg>`;
}

export function stripText(outcomes: readonly Outcome[]): string {
  if (outcomes.length === 0) return "no tick yet";
  const parts = OUTCOMES.flatMap(outcome => {
    const times = outcomes.filter(one => one === outcome).length;
    return times === 0 ? [] : [`${times} ${outcome}`];
  });
  return `the last ${counted(outcomes.length, "tick")}: ${parts.join(", ")}`;
}

/** One mark, beside the word that says the same. */
export function Mark({ outcome }: { outcome: Outcome }) {
  return html`<svg class="mark" viewBox="0 0 4 16" aria-hidden="true">
    <path class=${`is-${outcome}`} d=${SHAPES[outcome](0)} />
  </svg>`;
}

export function Legend() {
  return html`<ul class="legend" aria-label="What the marks mean">
    ${OUTCOMES.map(outcome => html`<li><${Mark} outcome=${outcome} /> ${outcome}</li>`)}
  </ul>`;
}

/** A mark with its word. */
export function OutcomeWord({ outcome, word }: { outcome: Outcome; word?: string }) {
  return html`<span class=${classes("outcome", `is-${outcome}`)}>
    <${Mark} outcome=${outcome} /><span>${word ?? outcome}</span>
  </span>`;
}

/** What a row of the history shows: its result where there is one. */
export function outcomeOf(row: { readonly outcome: string; readonly result?: string }): Outcome {
  if (row.outcome === "missed" || row.outcome === "skipped") return row.outcome;
  if (row.result === "completed") return "completed";
  return row.result === undefined ? "running" : "failed";
}
