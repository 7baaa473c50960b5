/** Launches and ends of runs of the last two minutes, second by second, from the stream's counts. */
import { signal } from "@preact/signals";
import { nowMs } from "./clock.ts";
import { html } from "./html.ts";
import { Card } from "./parts.ts";
import { onEvent } from "./stream.ts";
import { count } from "./words.ts";

const SECONDS = 120;
const HEIGHT = 56;
const PITCH = 5;

interface Second {
  readonly atS: number;
  readonly launched: number;
  readonly failed: number;
}

const seconds = signal<readonly Second[]>([]);

onEvent(({ type, data }) => {
  if (type !== "counts") return;
  const atS = Math.floor(Date.parse(String(data["at"])) / 1_000);
  if (!Number.isFinite(atS)) return;
  const next = { atS, launched: numberOf(data["launched"]), failed: numberOf(data["failed"]) };
  seconds.value = [...seconds.value.filter(one => one.atS > atS - SECONDS), next];
});

export function Pulse() {
  const lastS = Math.floor(nowMs.value / 1_000);
  const shown = seconds.value.filter(({ atS }) => atS > lastS - SECONDS);
  const most = Math.max(4, ...shown.map(({ launched }) => launched));
  const launched = total(shown, "launched");
  const failed = total(shown, "failed");
  const bar = (value: number, atS: number) => {
    const height = value === 0 ? 0 : Math.max(2, (value / most) * HEIGHT);
    return `M${(SECONDS - 1 - (lastS - atS)) * PITCH} ${HEIGHT - height}h${PITCH - 1}v${height}h-${PITCH - 1}z`;
  };
  const path = (key: "launched" | "failed") =>
    shown.flatMap(one => (one[key] > 0 ? [bar(one[key], one.atS)] : [])).join("");
  const said = `${count(launched)} launched, ${count(failed)} failed in the last two minutes`;
  return html`<${Card} class="pulse" title="Last two minutes">
    <p class="pulse-counts"><b>${count(launched)}</b> launched <span class=${failed > 0 ? "is-off" : "faint"}><b>${count(failed)}</b> failed</span></p>
    <svg viewBox=${`0 0 ${SECONDS * PITCH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${said}>
      <path class="pulse-base" d=${`M0 ${HEIGHT - 0.5}h${SECONDS * PITCH}`} />
      <path class="is-completed" d=${path("launched")} />
      <path class="is-failed" d=${path("failed")} />
    </svg>
  </${Card}>`;
}

function total(shown: readonly Second[], key: "launched" | "failed"): number {
  return shown.reduce((sum, one) => sum + one[key], 0);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
