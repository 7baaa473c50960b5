/** Terms, and what became of each job's ticks, a day back and a day forward. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { clockNow } from "../clock.ts";
import { html } from "../html.ts";
import { Legend } from "../outcome.ts";
import { Card, Heading, Loaded } from "../parts.ts";
import { CALM_MS, type Concerns, SOON_MS, useResource } from "../resource.ts";
import { route, setParameters } from "../router.ts";
import type { Timeline } from "../shapes.ts";
import { Filters, JobPager, useJobs } from "./job-filters.ts";
import { TimelineLanes } from "./timeline-lanes.ts";
import { TermTable } from "./timeline-terms.ts";
import { apartMs, panned, usualWindow, type Window, zoomed } from "./timeline-window.ts";

const SETTLE_MS = 180;
const ZOOM = 0.6;
const PAN = 0.2;
const ROLL_MS = 60_000;
/** The API permits 50 lanes and 4,000 characters of names. */
const LANES = 30;

export function TimelineView() {
  const view = useSignal<Window>(givenWindow() ?? usualWindow(clockNow()));
  const asked = useSignal<Window>(view.peek());
  const move = useMemo(() => mover(view, asked), []);
  useRolling(view, asked);
  const found = useJobs(LANES);
  const names = found.jobs.data.value?.items.map(({ name }) => name);
  const concerns = useMemo((): Concerns => {
    return ({ type }) => {
      if (type === "leader") return SOON_MS;
      if (type === "job") return CALM_MS;
      return type === "counts" ? apartMs(asked.peek()) : null;
    };
  }, []);
  const timeline = useResource<Timeline>(
    names ? "/timeline" : null,
    { ...isoWindow(asked.value), jobs: names?.join(",") },
    concerns,
  );
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = byKey(event.key, view.value);
    if (next === undefined) return;
    event.preventDefault();
    move(next);
  };
  return html`
    <${Heading} title="Timeline"><${Legend} /></${Heading}>
    <${Filters} found=${found} />
    <${Card} class="timeline-card">
      <div class="timeline-tools" role="group" aria-label="Period shown">
        <button onClick=${() => move(panned(view.value, -PAN))} aria-label="Earlier">←</button>
        <button onClick=${() => move(panned(view.value, PAN))} aria-label="Later">→</button>
        <button onClick=${() => move(zoomed(view.value, ZOOM))} aria-label="Zoom in">+</button>
        <button onClick=${() => move(zoomed(view.value, 1 / ZOOM))} aria-label="Zoom out">−</button>
        <button onClick=${() => move(null)}>Now ± 24 h</button>
        <span class="faint hint">Drag to move, Ctrl and wheel to zoom. Keys: ← → + − 0</span>
      </div>
      <${Loaded}
        of=${found.jobs.problem.value === null ? timeline : found.jobs}
        show=${() =>
          timeline.data.value &&
          html`<${Surface} view=${view} move=${move} onKeyDown=${keys}>
          <${TimelineLanes} timeline=${timeline.data.value} view=${view} isEmpty=${names?.length === 0} />
        </${Surface}>`}
      />
      <${JobPager} found=${found} />
    </${Card}>
    ${timeline.data.value && html`<${TermTable} timeline=${timeline.data.value} />`}
  `;
}

type Move = (next: Window | null) => void;

/** Shows another period now, and asks for it when the movement has ended. Null: the usual one, which moves with time. */
function mover(view: Signal<Window>, asked: Signal<Window>): Move {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return next => {
    view.value = next ?? usualWindow(clockNow());
    clearTimeout(timer);
    timer = setTimeout(() => {
      asked.value = view.value;
      const { from, to } = next === null ? { from: null, to: null } : isoWindow(next);
      if (route.value.path === "timeline") setParameters({ from, to });
    }, SETTLE_MS);
  };
}

/** The usual period moves on each minute, unless another one was chosen. */
function useRolling(view: Signal<Window>, asked: Signal<Window>): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (givenWindow() !== null || document.hidden) return;
      view.value = usualWindow(clockNow());
      asked.value = view.value;
    }, ROLL_MS);
    return () => clearInterval(timer);
  }, []);
}

function givenWindow(): Window | null {
  const { parameters } = route.peek();
  const fromMs = Date.parse(parameters.get("from") ?? "");
  const toMs = Date.parse(parameters.get("to") ?? "");
  return fromMs < toMs ? { fromMs, toMs } : null;
}

function isoWindow({ fromMs, toMs }: Window) {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** Undefined: the key means nothing here. */
function byKey(key: string, view: Window): Window | null | undefined {
  switch (key) {
    case "ArrowLeft":
      return panned(view, -PAN);
    case "ArrowRight":
      return panned(view, PAN);
    case "+":
    case "=":
      return zoomed(view, ZOOM);
    case "-":
      return zoomed(view, 1 / ZOOM);
    case "0":
      return null;
    default:
      return undefined;
  }
}

interface SurfaceParts {
  readonly view: Signal<Window>;
  readonly move: Move;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly children?: unknown;
}

/** Hears the mouse. The lanes have the width of their element. */
function Surface({ view, move, onKeyDown, children }: SurfaceParts) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const surface = element.current;
    if (!surface) return;
    // Preact would add a passive listener, which cannot keep the browser from zooming the page.
    const wheel = (event: WheelEvent) => {
      const lanes = surface.querySelector(".lane-marks")?.getBoundingClientRect();
      if (!lanes || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      const share = Math.min(Math.max((event.clientX - lanes.left) / lanes.width, 0), 1);
      move(zoomed(view.peek(), event.deltaY > 0 ? 1.25 : 0.8, share));
    };
    surface.addEventListener("wheel", wheel, { passive: false });
    return () => surface.removeEventListener("wheel", wheel);
  }, []);
  const drag = (event: PointerEvent) => {
    const lanes = element.current?.querySelector(".lane-marks")?.getBoundingClientRect();
    if (!lanes || event.button !== 0 || (event.target as Element).closest("a, button")) return;
    const start = view.peek();
    const follow = ({ clientX }: PointerEvent) =>
      move(panned(start, (event.clientX - clientX) / lanes.width));
    const end = () => {
      removeEventListener("pointermove", follow);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  };
  return html`<div
    ref=${element}
    class="surface"
    tabindex="0"
    role="region"
    aria-label="Timeline. Arrow keys move it, plus and minus zoom, 0 returns to now."
    onKeyDown=${onKeyDown}
    onPointerDown=${drag}
  >
    ${children}
  </div>`;
}
