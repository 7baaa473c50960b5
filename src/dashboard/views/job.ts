/** One job: what it does, what became of its ticks, what comes next, and why. */
import { useMemo } from "preact/hooks";
import { openBackfill, openPause, openResume, openSkipNext, openTrigger } from "../actions.ts";
import { html } from "../html.ts";
import { Strip } from "../outcome.ts";
import { Card, Countdown, Empty, Heading, Loaded, SpreadText, Time } from "../parts.ts";
import { page } from "../place.ts";
import { ofJob, useResource } from "../resource.ts";
import { mayAct } from "../session.ts";
import type { ComingTick, JobDetail, Listing } from "../shapes.ts";
import { shown } from "../words.ts";
import { JobHistory } from "./job-history.ts";
import { States } from "./job-line.ts";
import { RunPanel } from "./run-panel.ts";
import { WhyPanel } from "./why-panel.ts";

const COMING = 20;

export function JobView({ name }: { name: string }) {
  const concerns = useMemo(() => ofJob(name), [name]);
  const path = `/jobs/${encodeURIComponent(name)}`;
  const job = useResource<JobDetail>(path, {}, concerns);
  const coming = useResource<Listing<ComingTick>>(`${path}/ticks`, { future: true, limit: COMING }, concerns);
  const detail = job.data.value;
  const timezone = detail?.timezone ?? "UTC";
  if (detail === null && job.problem.value !== null)
    return html`<${Heading} title=${name} /><${Loaded} of=${job} />`;
  return html`
    <p class="crumbs"><a href=${page("jobs")}>Jobs</a></p>
    <${Heading} title=${html`<span class="job-title">${name}</span> ${detail && html`<${States} job=${detail} />`}`}>
      ${detail && mayAct() && html`<${Actions} job=${detail} />`}
    </${Heading}>
    <${Loaded} of=${job} show=${(found: JobDetail) => html`<${Facts} job=${found} />`} />
    <${WhyPanel} job=${name} timezone=${timezone} />
    <${RunPanel} job=${name} timezone=${timezone} />
    ${detail && html`<${JobHistory} job=${name} timezone=${timezone} concerns=${concerns} />`}
    <div class="two">
      ${detail && html`<${Policy} policy=${detail.policy} />`}
      <${Card} title="Next ticks">
        <${Loaded}
          of=${coming}
          show=${({ items }: Listing<ComingTick>) => html`<${Coming} items=${items} timezone=${timezone} />`}
        />
        <p class="links"><a href=${page("forecast", { job: name })}>Forecast of this job</a> <a href=${page("timeline", { search: name })}>Timeline of this job</a></p>
      </${Card}>
    </div>
  `;
}

function Actions({ job }: { job: JobDetail }) {
  return html`
    <button onClick=${() => openTrigger(job)}>Trigger …</button>
    ${
      job.paused
        ? html`<button onClick=${() => openResume(job)}>Resume …</button>`
        : html`<button onClick=${() => openPause(job)}>Pause …</button>`
    }
    <button onClick=${() => openSkipNext(job)}>Skip next …</button>
    <button onClick=${() => openBackfill(job)}>Backfill …</button>
  `;
}

function Facts({ job }: { job: JobDetail }) {
  const { pausedBy, quarantined, timezone } = job;
  return html`<${Card}>
    ${quarantined && html`<p class="problem">Quarantined since <${Time} at=${quarantined.since} zone=${timezone} />: ${quarantined.reason}</p>`}
    ${
      job.paused &&
      html`<p class="note">
        Paused${pausedBy && html` by <b>${pausedBy.by}</b> since <${Time} at=${pausedBy.at} zone=${timezone} />`}${pausedBy?.until && html` until <${Time} at=${pausedBy.until} zone=${timezone} />`}${pausedBy?.reason && html`: ${pausedBy.reason}`}
      </p>`
    }
    <dl class="facts">
      <div><dt>Schedule</dt><dd>${job.description.length > 0 ? job.description.join("; ") : job.schedule}</dd></div>
      <div><dt>As written</dt><dd><code>${job.schedule}</code> ${timezone}</dd></div>
      <div><dt>Queue</dt><dd><a href=${page("jobs", { queue: job.queue })}>${job.queue}</a></dd></div>
      <div><dt>Handler</dt><dd>${job.handler ? html`<a href=${page("jobs", { handler: job.handler })}><code>${job.handler}</code></a>` : "–"}</dd></div>
      <div><dt>Last tick</dt><dd><${Time} at=${job.lastTick} zone=${timezone} /></dd></div>
      <div><dt>Next tick</dt><dd><${Countdown} at=${job.paused ? null : job.nextTick} zone=${timezone} /></dd></div>
      <div><dt>Duration p50 / p95</dt><dd><${SpreadText} spread=${job.durationMs} /></dd></div>
      <div><dt>Late p50 / p95</dt><dd><${SpreadText} spread=${job.lateMs} /></dd></div>
      <div><dt>Last 60 ticks</dt><dd><${Strip} outcomes=${job.strip} /></dd></div>
    </dl>
  </${Card}>`;
}

function Policy({ policy }: Pick<JobDetail, "policy">) {
  return html`<${Card} title="Effective policy">
    <table>
      <thead><tr><th>Setting</th><th>Value</th><th>From</th></tr></thead>
      <tbody>
        ${policy.map(
          ({ name, value, source }) => html`<tr>
            <td>${name}</td>
            <td><code class="value">${value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value)}</code></td>
            <td class=${source === "job" ? "" : "faint"}>${shown(source)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </${Card}>`;
}

function Coming({ items, timezone }: { items: readonly ComingTick[]; timezone: string }) {
  if (items.length === 0) return html`<${Empty}>No tick is to come.</${Empty}>`;
  return html`<ol class="coming">
    ${items.map(
      ({ tick, note, launchAt, excluded }) => html`<li class=${excluded ? "is-excluded" : ""}>
        <${Time} at=${tick} zone=${timezone} />
        <span class="faint"><${Countdown} at=${tick} zone=${timezone} /></span>
        ${launchAt && html`<span class="faint">launched at <${Time} at=${launchAt} zone=${timezone} form="clock" /></span>`}
        ${note && html`<span class="note-text">${note}</span>`}
        ${excluded && html`<span class="note-text">not launched: ${excluded}</span>`}
      </li>`,
    )}
  </ol>`;
}
