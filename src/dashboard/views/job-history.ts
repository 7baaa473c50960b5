import { useSignal } from "@preact/signals";
import { html } from "../html.ts";
import { OutcomeWord, outcomeOf } from "../outcome.ts";
import { Badge, Card, Empty, Loaded, Pager, Time } from "../parts.ts";
import { type Concerns, useResource } from "../resource.ts";
import { setParameters } from "../router.ts";
import type { HistoryRow, Listing } from "../shapes.ts";
import { count, duration } from "../words.ts";
import { RunChart } from "./run-chart.ts";

const PAGE_ROWS = 60;
const TICK_OUTCOMES = new Set(["launched", "skipped", "missed"]);

interface Parts {
  readonly job: string;
  readonly timezone: string;
  readonly concerns: Concerns;
}

/** What became of the ticks, newest first, and what was done to the job in between. */
export function JobHistory({ job, timezone, concerns }: Parts) {
  const cursors = useSignal<readonly string[]>([]);
  const rows = useResource<Listing<HistoryRow>>(
    `/jobs/${encodeURIComponent(job)}/ticks`,
    { limit: PAGE_ROWS, cursor: cursors.value.at(-1) },
    concerns,
  );
  const show = ({ items, next }: Listing<HistoryRow>) => {
    if (items.length === 0) return html`<${Empty}>No tick has been decided yet.</${Empty}>`;
    return html`
      <${RunChart} rows=${items} timezone=${timezone} />
      <div class="scroll" tabindex="0" role="region" aria-label="Ticks and runs">
        <table class="history">
          <thead>
            <tr>
              <th>Tick</th><th>Outcome</th><th class="number">Late</th><th class="number">Ran for</th>
              <th class="number">Attempts</th><th>Reason or error</th><th><span class="sr-only">More</span></th>
            </tr>
          </thead>
          <tbody>${items.map(row => html`<${Row} key=${`${row.tick} ${row.run ?? row.outcome}`} row=${row} timezone=${timezone} />`)}</tbody>
        </table>
      </div>
      <${Pager} cursors=${cursors} next=${next} names=${["Newer", "Older"]} />
    `;
  };
  return html`<${Card} title="Ticks and runs"><${Loaded} of=${rows} show=${show} /></${Card}>`;
}

function Row({ row, timezone }: { row: HistoryRow; timezone: string }) {
  const { tick, outcome, lateMs, run, attempts = 0, durationMs, error, reason, blockedBy, by } = row;
  const isTick = TICK_OUTCOMES.has(outcome);
  const about = [error ?? reason, blockedBy && `blocked by ${blockedBy}`, by && `by ${by}`]
    .filter(Boolean)
    .join(" · ");
  return html`<tr>
    <td class="nowrap"><${Time} at=${tick} zone=${timezone} /></td>
    <td class="nowrap">
      ${isTick ? html`<${OutcomeWord} outcome=${outcomeOf(row)} word=${row.result ?? (run ? "running" : outcome)} />` : outcome}
      ${row.count !== undefined && row.count > 1 && html` <span class="faint">× ${count(row.count)}</span>`}
      ${row.kind !== "scheduled" && isTick && html` <${Badge} kind="plain">${row.kind}</${Badge}>`}
    </td>
    <td class="number">${outcome === "launched" && duration(lateMs)}</td>
    <td class="number">${durationMs !== undefined && duration(durationMs)}</td>
    <td class=${attempts > 1 ? "number is-off" : "number"}>${attempts || ""}</td>
    <td class="about">${about}</td>
    <td class="number">
      ${run && html`<button class="link" aria-label=${`Run of ${tick}`} onClick=${() => setParameters({ run, why: null })}>run</button>`}
      ${isTick && html`<button class="link" aria-label=${`Why, for ${tick}`} onClick=${() => setParameters({ why: tick, run: null })}>why</button>`}
    </td>
  </tr>`;
}
