import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { nowMs } from "../clock.ts";
import { classes, html } from "../html.ts";
import { Empty } from "../parts.ts";
import { jobPage } from "../place.ts";
import { setParameters } from "../router.ts";
import type { Bucket, Timeline } from "../shapes.ts";
import { counted, duration } from "../words.ts";
import { clockTime, day, dayMinute, dayTime, minuteTime, zone } from "../zone.ts";
import { axisTicks, positionOf, type Window } from "./timeline-window.ts";

const LANE_HEIGHT = 22;
const COUNTED = ["failed", "running", "skipped", "missed"] as const;
type CountKey = "launched" | (typeof COUNTED)[number];
const AXIS_LABEL_PX = 76;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Scale {
  readonly view: Window;
  /** Of the lanes, in pixels. */
  readonly width: number;
}

interface LanesParts {
  readonly timeline: Timeline;
  readonly view: Signal<Window>;
  /** No job passes the filters: the answer is about others then. */
  readonly isEmpty: boolean;
}

export function TimelineLanes({ timeline, view, isEmpty }: LanesParts) {
  const axis = useRef<HTMLDivElement>(null);
  const width = useSignal(800);
  const readout = useSignal("");
  useEffect(() => {
    const element = axis.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      width.value = Math.max(100, element.clientWidth);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const scale: Scale = { view: view.value, width: width.value };
  return html`
    <div class="lane lane-axis">
      <span class="lane-name readout">${readout.value}</span>
      <div class="lane-marks" ref=${axis}><${Axis} scale=${scale} zoneKey=${zone.value} /></div>
    </div>
    <div class="lane">
      <span class="lane-name">Terms</span>
      <div class="lane-marks terms"><${Terms} timeline=${timeline} scale=${scale} /></div>
    </div>
    ${
      isEmpty
        ? html`<${Empty}>No job matches.</${Empty}>`
        : timeline.lanes.map(
            lane =>
              html`<${Lane} key=${lane.job} lane=${lane} now=${timeline.now} scale=${scale} readout=${readout} />`,
          )
    }
  `;
}

function Axis({ scale }: { scale: Scale; zoneKey: string }) {
  const { view, width } = scale;
  const offsetMs = zone.value === "utc" ? 0 : -new Date(view.fromMs).getTimezoneOffset() * 60_000;
  // A label at the very edge would be cut.
  const ticks = axisTicks(view, width / AXIS_LABEL_PX, offsetMs).filter(
    at => Math.abs(px(scale, at) - width / 2) < width / 2 - 18,
  );
  const isLong = view.toMs - view.fromMs > 6 * DAY_MS;
  return html`<svg width=${width} height="30" aria-hidden="true">
    <path class="axis-line" d=${ticks.map(at => `M${px(scale, at)} 22v8`).join("")} />
    ${ticks.map(at => {
      const isDay = isLong || clockTime(at) === "00:00:00";
      const time = at % MINUTE_MS === 0 ? minuteTime(at) : clockTime(at);
      return html`<text class=${classes("axis-text", isDay && "is-day")} x=${px(scale, at)} y="16" text-anchor="middle">${isDay ? day(at) : time}</text>`;
    })}
    <${NowLine} scale=${scale} from=${20} height=${10} />
  </svg>`;
}

/** Where the present is; alone, so that a second that passes draws nothing else again. */
function NowLine({ scale, from = 0, height }: { scale: Scale; from?: number; height: number }) {
  return html`<path class="now-line" d=${`M${px(scale, nowMs.value)} ${from}v${height}`} />`;
}

function Terms({ timeline, scale }: { timeline: Timeline; scale: Scale }) {
  const { view, width } = scale;
  const endMs = Math.min(Date.parse(timeline.now), view.toMs);
  return html`
    ${timeline.terms.map(({ term, replica, at, endedAt }) => {
      const left = Math.max(0, px(scale, at));
      const right = Math.min(width, px(scale, endedAt ?? Math.max(endMs, nowMs.value)));
      if (right <= 0 || left >= width) return null;
      return html`<div
        class=${classes("term", term % 2 === 0 && "is-even")}
        style=${{ left: `${left}px`, width: `${Math.max(1, right - left - 1)}px` }}
        title=${`Term ${term}: ${replica}`}
      >
        ${right - left > 24 && html`<span class="term-name"><b>${term}</b> ${replica}</span>`}
      </div>`;
    })}
    ${timeline.gaps.map(({ term, from, vacantMs, late }) => {
      const left = px(scale, from);
      if (left < 0 || left > width) return null;
      const said = `Gap of ${duration(vacantMs)} before term ${term}, ${counted(late.length, "late tick")}`;
      return html`<button
        class=${classes("gap", late.length > 0 && "has-late")}
        style=${{ left: `${left}px` }}
        aria-label=${said}
        title=${said}
        onClick=${() => setParameters({ gap: String(term) })}
      ></button>`;
    })}
  `;
}

interface LaneParts {
  readonly lane: Timeline["lanes"][number];
  readonly now: string;
  readonly scale: Scale;
  readonly readout: Signal<string>;
}

function Lane({ lane, now, scale, readout }: LaneParts) {
  const { job, buckets, coming, hasMore } = lane;
  const most = Math.max(1, ...buckets.map(({ launched }) => launched));
  /** The marks of the buckets that have any of `key`, by left edge and width. The newest bucket ends in the future. */
  const path = (key: CountKey, shape: (x: number, width: number, bucket: Bucket) => string) =>
    buckets
      .map(one => {
        if (one[key] === 0) return "";
        const x = px(scale, one.at);
        return shape(x, Math.max(3, Math.min(px(scale, one.endAt), px(scale, now)) - x - 1), one);
      })
      .join("");
  const point = (event: MouseEvent) => {
    const { left } = (event.currentTarget as Element).getBoundingClientRect();
    const { fromMs, toMs } = scale.view;
    const msPerPixel = (toMs - fromMs) / scale.width;
    readout.value = said(buckets, fromMs + (event.clientX - left) * msPerPixel, msPerPixel);
  };
  return html`<div class="lane">
    <a class="lane-name" title=${job} href=${jobPage(job)}>${job}</a>
    <div class="lane-marks">
      <svg width=${scale.width} height=${LANE_HEIGHT} role="img" aria-label=${laneText(lane)} onMouseMove=${point} onMouseLeave=${() => {
        readout.value = "";
      }}>
        <path class="is-coming" d=${coming.map(at => `M${px(scale, at)} 9v8`).join("")} />
        ${hasMore && html`<path class="is-more" d=${`M${px(scale, coming.at(-1) ?? now) + 4} 13.5H${scale.width}`} />`}
        <path class="is-completed" d=${path("launched", (x, width, { launched, running }) => {
          if (launched === running) return "";
          const height = Math.round(4 + 9 * Math.sqrt(launched / most));
          return `M${x} ${20 - height}h${width}v${height}h-${width}z`;
        })} />
        <path class="run-line" d=${path("running", x => `M${x} 19.5H${px(scale, now)}`)} />
        <path class="is-running" d=${path("running", (x, width) => {
          const inner = Math.max(3, width - 2);
          return `M${x} 5h${inner + 2}v15h-${inner + 2}zM${x + 1} 6v13h${inner}v-13z`;
        })} />
        <path class="is-skipped" d=${path("skipped", (x, width) => `M${x} 17h${width}v3h-${width}z`)} />
        <path class="is-missed" d=${path("missed", (x, width) => `M${x + (width >> 1)} 1l3 4-3 4-3-4z`)} />
        <path class="is-failed" d=${path("failed", (x, width) => `M${x + (width >> 1) - 1} 1h4v12.5h-4zm0 14.5h4v4.5h-4z`)} />
        <${NowLine} scale=${scale} height=${LANE_HEIGHT} />
      </svg>
    </div>
  </div>`;
}

function px({ view, width }: Scale, at: string | number): number {
  return Math.round(positionOf(view, width, new Date(at).getTime()));
}

function said(buckets: readonly Bucket[], atMs: number, msPerPixel: number): string {
  const found = buckets.find(({ at, endAt }) => {
    return Date.parse(at) <= atMs && atMs < Math.max(Date.parse(endAt), Date.parse(at) + 3 * msPerPixel);
  });
  if (!found) return dayTime(atMs);
  const parts = [
    found.launched > 0 && counted(found.launched, "launch", "launches"),
    ...COUNTED.map(key => found[key] > 0 && `${found[key]} ${key}`),
    found.late > 0 && `${found.late} late`,
  ];
  return `${dayMinute(found.at)}: ${parts.filter(Boolean).join(", ")}`;
}

function laneText({ job, buckets, coming, hasMore }: Timeline["lanes"][number]): string {
  const counts = (["launched", ...COUNTED] as const).map(
    key => `${buckets.reduce((total, one) => total + one[key], 0)} ${key}`,
  );
  return `${job}: ${counts.join(", ")}, ${hasMore ? "more than " : ""}${coming.length} to come`;
}
