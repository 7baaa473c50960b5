/** Small parts that several views show. */
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { nowMs } from "./clock.ts";
import { classes, html } from "./html.ts";
import type { Resource } from "./resource.ts";
import type { Spread } from "./shapes.ts";
import { duration, wholeSeconds } from "./words.ts";
import { clockTime, dayMinute, dayTime, fullTime } from "./zone.ts";

/** An instant in the chosen zone; `zone`: of the job that it belongs to. */
export function Time(props: { at: string | null; zone?: string | null; form?: "clock" | "day" | "minute" }) {
  const { at, zone, form = "day" } = props;
  if (at === null) return html`<span class="faint">–</span>`;
  const text = { clock: clockTime, day: dayTime, minute: dayMinute }[form](at, zone);
  return html`<time datetime=${at} title=${fullTime(at, zone)}>${text}</time>`;
}

/** How long until an instant, by the second. */
export function Countdown({ at, zone }: { at: string | null; zone?: string | null }) {
  if (at === null) return html`<span class="faint">no next tick</span>`;
  const leftMs = Date.parse(at) - nowMs.value;
  const text =
    leftMs > 0 ? `in ${wholeSeconds(leftMs)}` : leftMs > -2_000 ? "now" : `due ${wholeSeconds(-leftMs)} ago`;
  return html`<time datetime=${at} title=${fullTime(at, zone)}>${text}</time>`;
}

/** How long ago an instant was. */
export function Since({ at }: { at: string }) {
  return html`<time datetime=${at} title=${fullTime(at)}>${wholeSeconds(Math.max(0, nowMs.value - Date.parse(at)))}</time>`;
}

/** `1.2 s / 4.0 s`: median and 95th percentile. */
export function SpreadText({ spread }: { spread: Spread | null }) {
  if (spread === null) return html`<span class="faint">–</span>`;
  return html`<span class="spread">${duration(spread.p50)}<span class="faint"> / </span>${duration(spread.p95)}</span>`;
}

export function Badge({ kind, children }: { kind: string; children?: ComponentChildren }) {
  return html`<span class=${classes("badge", `badge-${kind}`)}>${children}</span>`;
}

/** What is said while there is no answer, or where the last one failed; otherwise what `show` makes of the answer. */
export function Loaded<T>({ of, show }: { of: Resource<T>; show?: (data: T) => ComponentChildren }) {
  const data = of.data.value;
  const problem = of.problem.value;
  return html`
    ${problem !== null && html`<p class="problem" role="alert">${problem} ${data !== null && "What you see is what was read before."}</p>`}
    ${data !== null ? show?.(data) : problem === null && html`<p class="loading" aria-busy="true">Loading …</p>`}
  `;
}

export function Empty({ children }: { children?: ComponentChildren }) {
  return html`<p class="empty">${children}</p>`;
}

/** A heading of a view, and what is at its right. */
export function Heading({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) {
  return html`<header class="heading"><h1>${title}</h1><div class="heading-side">${children}</div></header>`;
}

interface PagerParts {
  /** Of the pages before the one that is shown. */
  readonly cursors: Signal<readonly string[]>;
  readonly next: string | null;
  readonly names: readonly [string, string];
  readonly children?: ComponentChildren;
}

/** Nothing where there is one page. */
export function Pager({ cursors, next, names: [back, forth], children }: PagerParts) {
  const isFirst = cursors.value.length === 0;
  if (isFirst && next === null) return null;
  const turn = (to: readonly string[]) => {
    cursors.value = to;
  };
  return html`<nav class="pager" aria-label="Pages">
    <button disabled=${isFirst} onClick=${() => turn(cursors.value.slice(0, -1))}>${back}</button>
    ${children}
    <button disabled=${next === null} onClick=${() => next !== null && turn([...cursors.value, next])}>${forth}</button>
  </nav>`;
}

export function Card(props: { title?: ComponentChildren; class?: string; children?: ComponentChildren }) {
  return html`<section class=${classes("card", props.class)}>
    ${props.title && html`<h2>${props.title}</h2>`}
    ${props.children}
  </section>`;
}
