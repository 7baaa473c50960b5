import { classes, html } from "../html.ts";
import { Card, Empty, Since, Time } from "../parts.ts";
import { jobPage } from "../place.ts";
import { route, setParameters } from "../router.ts";
import type { Gap, Timeline } from "../shapes.ts";
import { counted, duration } from "../words.ts";

/** The terms of the period, newest first; a gap opens the ticks that it made late. */
export function TermTable({ timeline }: { timeline: Timeline }) {
  const chosen = route.value.parameters.get("gap");
  const gaps = new Map(timeline.gaps.map(gap => [gap.term, gap]));
  const terms = timeline.terms.toSorted((a, b) => b.term - a.term);
  const open = timeline.gaps.find(({ term }) => String(term) === chosen);
  return html`
    ${open && html`<${LateTicks} gap=${open} />`}
    <${Card} title="Terms">
      <div class="scroll" tabindex="0" role="region" aria-label="Terms">
        <table class="terms-table">
          <thead>
            <tr><th class="number">Term</th><th>Leader</th><th>Began</th><th>For</th><th>Elected because</th><th>Gap before</th></tr>
          </thead>
          <tbody>
            ${terms.map(({ term, replica, at, endedAt, reason, cause, by, vacantMs }) => {
              const gap = gaps.get(term);
              return html`<tr key=${term} class=${classes(String(term) === chosen && "is-chosen")}>
                <td class="number">${term}</td>
                <td><code>${replica}</code></td>
                <td class="nowrap"><${Time} at=${at} /></td>
                <td class="nowrap">${endedAt === null ? html`<${Since} at=${at} />` : duration(Date.parse(endedAt) - Date.parse(at))}</td>
                <td class="reason">${reason}${cause && cause !== "first" && html` <span class="faint">(${cause}${by && ` by ${by}`})</span>`}</td>
                <td class="nowrap">
                  ${vacantMs === null ? html`<span class="faint">–</span>` : duration(vacantMs)}
                  ${gap && gap.late.length > 0 && html` <button class="link" onClick=${() => setParameters({ gap: String(term) })}>${counted(gap.late.length, "late tick")}</button>`}
                </td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>
    </${Card}>
  `;
}

function LateTicks({ gap }: { gap: Gap }) {
  const { term, from, to, vacantMs, late } = gap;
  return html`<${Card} class="panel" title=${`Gap before term ${term}: ${duration(vacantMs)}`}>
    <button class="quiet close" onClick=${() => setParameters({ gap: null })}>Close</button>
    <p>No replica could launch from <${Time} at=${from} /> to <${Time} at=${to} />.</p>
    ${
      late.length === 0
        ? html`<${Empty}>It made no tick late.</${Empty}>`
        : html`<table>
            <thead><tr><th>Job</th><th>Tick</th><th class="number">Late</th></tr></thead>
            <tbody>
              ${late.map(
                ({ job, tick, lateMs }) => html`<tr>
                  <td><a href=${jobPage(job)}>${job}</a></td>
                  <td class="nowrap"><${Time} at=${tick} /></td>
                  <td class="number">${duration(lateMs)}</td>
                </tr>`,
              )}
            </tbody>
          </table>`
    }
  </${Card}>`;
}
