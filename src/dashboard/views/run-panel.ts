import { useMemo } from "preact/hooks";
import { openCancel, openRetry } from "../actions.ts";
import { html } from "../html.ts";
import { Badge, Card, Loaded, Time } from "../parts.ts";
import { type Concerns, SOON_MS, useResource } from "../resource.ts";
import { route, setParameters } from "../router.ts";
import { mayAct } from "../session.ts";
import type { RunDetail } from "../shapes.ts";
import { duration, shown } from "../words.ts";

const WAITING = new Set(["waiting", "delayed", "prioritized"]);

/** The run that the address names: attempts, log, data and result. */
export function RunPanel({ job, timezone }: { job: string; timezone: string }) {
  const run = route.value.parameters.get("run");
  const concerns = useMemo((): Concerns => {
    return ({ type, data }) => {
      const touched = Array.isArray(data["jobs"]) && data["jobs"].includes(job);
      return data["run"] === run || data["job"] === job || (type === "counts" && touched) ? SOON_MS : null;
    };
  }, [job, run]);
  const detail = useResource<RunDetail>(
    run === null ? null : `/runs/${encodeURIComponent(run)}`,
    {},
    concerns,
  );
  if (run === null) return null;
  return html`<${Card} class="panel" title=${html`Run <code>${run}</code>`}>
    <button class="quiet close" onClick=${() => setParameters({ run: null })}>Close</button>
    <${Loaded} of=${detail} show=${(found: RunDetail) => html`<${Run} detail=${found} job=${job} timezone=${timezone} />`} />
  </${Card}>`;
}

function Run({ detail, job, timezone }: { detail: RunDetail; job: string; timezone: string }) {
  const { run, state, kind, tick, queue, waitMs, durationMs, by, error, attempts, log, hidden } = detail;
  return html`
    <dl class="facts">
      <div><dt>State</dt><dd><${Badge} kind=${state === "failed" ? "bad" : state === "active" ? "run" : "plain"}>${state}</${Badge}></dd></div>
      <div><dt>Tick</dt><dd><${Time} at=${tick} zone=${timezone} /></dd></div>
      <div><dt>Kind</dt><dd>${kind ?? "–"}${by && html` by <b>${by}</b>`}</dd></div>
      <div><dt>Queue</dt><dd>${queue}</dd></div>
      <div><dt>Waited for</dt><dd>${duration(waitMs)}</dd></div>
      <div><dt>Ran for</dt><dd>${duration(durationMs)}</dd></div>
    </dl>
    ${
      mayAct() &&
      html`<p class="panel-actions">
        ${state === "failed" && html`<button onClick=${() => openRetry(run, job)}>Retry …</button>`}
        ${WAITING.has(state) && html`<button onClick=${() => openCancel(run, job)}>Cancel …</button>`}
      </p>`
    }
    ${attempts.length > 0 && html`<${Attempts} attempts=${attempts} timezone=${timezone} />`}
    ${error !== null && html`<h3>Error</h3><pre class="text is-error">${error}</pre>`}
    ${
      hidden
        ? html`<p class="faint">Data, result and log are shown to operators only.</p>`
        : html`
            ${log.length > 0 && html`<h3>Log</h3><pre class="text">${log.join("\n")}</pre>`}
            <div class="two">
              <div><h3>Data</h3><pre class="text">${shown(detail.data)}</pre></div>
              <div><h3>Result</h3><pre class="text">${shown(detail.result)}</pre></div>
            </div>
          `
    }
  `;
}

function Attempts({ attempts, timezone }: Pick<RunDetail, "attempts"> & { timezone: string }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Attempts">
    <table>
      <thead><tr><th class="number">Attempt</th><th>Started</th><th class="number">Ran for</th><th>Replica</th><th>Error</th></tr></thead>
      <tbody>
        ${attempts.map(
          ({ number, startedAt, endedAt, replica, error }) => html`<tr>
            <td class="number">${number}</td>
            <td class="nowrap"><${Time} at=${startedAt} zone=${timezone} /></td>
            <td class="number">${startedAt && endedAt ? duration(Date.parse(endedAt) - Date.parse(startedAt)) : "–"}</td>
            <td><code>${replica ?? "–"}</code></td>
            <td class="about">${error}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
