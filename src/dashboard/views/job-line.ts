import { html } from "../html.ts";
import { Strip } from "../outcome.ts";
import { Badge, Countdown, SpreadText } from "../parts.ts";
import { jobPage } from "../place.ts";
import type { JobRow } from "../shapes.ts";
import { counted, duration } from "../words.ts";
import { dayMinute } from "../zone.ts";

interface Parts {
  readonly job: JobRow;
  readonly isChosen: boolean;
  readonly onChoose: ((name: string) => void) | null;
}

export function JobLine({ job, isChosen, onChoose }: Parts) {
  return html`<tr class=${isChosen ? "is-chosen" : ""}>
    ${
      onChoose &&
      html`<td class="choose">
        <input type="checkbox" aria-label=${`Choose ${job.name}`} checked=${isChosen} onChange=${() => onChoose(job.name)} />
      </td>`
    }
    <td class="job">
      <a class="job-name" href=${jobPage(job.name)}>${job.name}</a>
      <${States} job=${job} />
      <span class="job-schedule">${job.schedule} <span class="faint">${job.timezone}</span><span class="job-place">${job.handler} · ${job.queue}</span></span>
    </td>
    <td class="strip-cell"><${Strip} outcomes=${job.strip} /></td>
    <td class="number" data-label="Duration"><${SpreadText} spread=${job.durationMs} /></td>
    <td class="number" data-label="Late"><${SpreadText} spread=${job.lateMs} /></td>
    <td class="number next" data-label="Next"><${Countdown} at=${job.paused ? null : job.nextTick} zone=${job.timezone} /></td>
  </tr>`;
}

/** What is out of the ordinary about a job. */
export function States({ job }: { job: JobRow }) {
  return html`${job.quarantined && html`<${Badge} kind="bad">quarantined</${Badge}>`}
    ${job.overdueMs > 0 && html`<${Badge} kind="bad">overdue by ${duration(job.overdueMs)}</${Badge}>`}
    ${job.lastRun?.outcome === "failed" && html`<${Badge} kind="bad">failing</${Badge}>`}
    ${job.paused && html`<${Badge} kind="skip">paused${job.pausedBy?.until && html` until ${dayMinute(job.pausedBy.until, job.timezone)}`}</${Badge}>`}
    ${job.silenced && html`<${Badge} kind="miss">silent until ${dayMinute(job.silenced.until, job.timezone)}</${Badge}>`}
    ${job.running > 0 && html`<${Badge} kind="run">${counted(job.running, "run")}${" "}active</${Badge}>`}`;
}
