/** Who leads, who is there, what is wrong, and how much happens. */

import { openStepDown } from "../actions.ts";
import { html } from "../html.ts";
import { Badge, Card, Empty, Heading, Loaded, Since, Time } from "../parts.ts";
import { jobPage, page } from "../place.ts";
import { Pulse } from "../pulse.ts";
import { anyOf, CALM_MS, type Concerns, type Resource, SOON_MS, useResource } from "../resource.ts";
import { mayAct } from "../session.ts";
import type { Facets, JobPage, Listing, ReplicaInfo, Status, TermInfo } from "../shapes.ts";
import { bytes, count, counted, duration } from "../words.ts";
import { alarmsOf } from "./alarms.ts";

/** From this skew on it is marked: launches do not suffer, logs do. */
const SKEW_MS = 1_000;
const LOOP_DELAY_MS = 100;
/** Jobs that a replica runs and that are named. */
const NAMED = 3;

const ofCluster = anyOf("leader", "replica", "alarm", "job");
const ofReplicas: Concerns = ({ type }) =>
  type === "leader" || type === "replica" ? SOON_MS : type === "counts" ? CALM_MS : null;
const ofJobs: Concerns = ({ type }) =>
  type === "job" || type === "run" ? SOON_MS : type === "counts" ? CALM_MS : null;

const TILES: readonly { state: keyof Facets; label: string; tone: string }[] = [
  { state: "all", label: "jobs", tone: "plain" },
  { state: "running", label: "running", tone: "run" },
  { state: "dueSoon", label: "due in 5 min", tone: "plain" },
  { state: "failing", label: "failing", tone: "bad" },
  { state: "overdue", label: "overdue", tone: "bad" },
  { state: "quarantined", label: "quarantined", tone: "bad" },
  { state: "missedToday", label: "missed today", tone: "miss" },
  { state: "skippedToday", label: "skipped today", tone: "skip" },
  { state: "paused", label: "paused", tone: "skip" },
];

export function NowView() {
  const status = useResource<Status>("/status", { jobs: false }, ofCluster);
  const replicas = useResource<Listing<ReplicaInfo>>("/replicas", {}, ofReplicas);
  const terms = useResource<Listing<TermInfo>>("/terms", { limit: 1 }, anyOf("leader"));
  const jobs = useResource<JobPage>("/jobs", { limit: 1 }, ofJobs);
  return html`
    <${Heading} title="Now">
      ${mayAct("admin") && status.data.value?.leader && html`<button onClick=${openStepDown}>Step down …</button>`}
    </${Heading}>
    <div class="now-grid">
      <${Leader} status=${status} terms=${terms} />
      <${Pulse} />
    </div>
    <${Loaded} of=${jobs} show=${({ facets }: JobPage) => html`<${Tiles} facets=${facets} />`} />
    <${Alarms} status=${status} replicas=${replicas} facets=${jobs.data.value?.facets ?? null} />
    <${Card} title="Replicas">
      <${Loaded} of=${replicas} show=${({ items }: Listing<ReplicaInfo>) => html`<${Replicas} items=${items} />`} />
    </${Card}>
  `;
}

function Leader({ status, terms }: { status: Resource<Status>; terms: Resource<Listing<TermInfo>> }) {
  const term = terms.data.value?.items[0];
  return html`<${Card} class="leader" title="Leader">
    <${Loaded}
      of=${status}
      show=${({ leader }: Status) =>
        leader === null
          ? html`<p class="leader-id no-leader">There is no leader.</p>
              <p class="faint">Due ticks wait. The next leader decides about them by each job's catch-up policy.</p>`
          : html`<p class="leader-id"><code>${leader.replica}</code></p>
              <dl class="facts">
                <div><dt>Term</dt><dd><a href=${page("timeline")}>${leader.term}</a></dd></div>
                <div><dt>For</dt><dd><${Since} at=${leader.since} /></dd></div>
                <div><dt>Since</dt><dd><${Time} at=${leader.since} /></dd></div>
                ${term?.term === leader.term && html`<${Election} term=${term} />`}
              </dl>`}
    />
  </${Card}>`;
}

function Election({ term }: { term: TermInfo }) {
  const cause = term.cause && term.cause !== "first" ? ` (${term.cause})` : "";
  return html`<div><dt>Elected</dt><dd>${term.reason}${cause}</dd></div>
    ${term.vacantMs !== null && html`<div><dt>Gap before</dt><dd>${duration(term.vacantMs)}</dd></div>`}`;
}

function Tiles({ facets }: { facets: Facets }) {
  return html`<ul class="tiles" aria-label="Jobs by state">
    ${TILES.map(({ state, label, tone }) => {
      const value = facets[state] ?? 0;
      return html`<li>
        <a class=${`tile tone-${value === 0 ? "plain" : tone}`} href=${page("jobs", { state: state === "all" ? "" : state })}>
          <b class=${value === 0 ? "faint" : ""}>${count(value)}</b> <span>${label}</span>
        </a>
      </li>`;
    })}
  </ul>`;
}

interface AlarmParts {
  readonly status: Resource<Status>;
  readonly replicas: Resource<Listing<ReplicaInfo>>;
  readonly facets: Facets | null;
}

function Alarms({ status, replicas, facets }: AlarmParts) {
  if (status.data.value === null) return null;
  const alarms = alarmsOf(status.data.value, replicas.data.value?.items ?? [], facets);
  return html`<${Card} title=${alarms.length === 0 ? "Alarms" : `Alarms (${alarms.length})`}>
    ${
      alarms.length === 0
        ? html`<p class="fine">Nothing is wrong that Bellwether knows of.</p>`
        : html`<ul class="alarms">
            ${alarms.map(
              ({ text, href }) => html`<li>${href === null ? text : html`<a href=${href}>${text}</a>`}</li>`,
            )}
          </ul>`
    }
  </${Card}>`;
}

function Replicas({ items }: { items: readonly ReplicaInfo[] }) {
  if (items.length === 0)
    return html`<${Empty}>No replica has reported itself in the last seconds.</${Empty}>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Replicas">
    <table>
      <thead>
        <tr>
          <th>Replica</th><th>Role</th><th class="number">Generation</th><th>Version</th>
          <th class="number">Clock skew</th><th class="number">Loop delay</th><th class="number">Memory</th>
          <th class="number">Up</th><th>Running</th>
        </tr>
      </thead>
      <tbody>${items.map(replica => html`<${ReplicaLine} key=${replica.id} replica=${replica} />`)}</tbody>
    </table>
  </div>`;
}

function ReplicaLine({ replica }: { replica: ReplicaInfo }) {
  const {
    id,
    leading,
    roles,
    generation,
    tooOld,
    version,
    clockSkewMs,
    load,
    startedAt,
    running,
    runningCount,
  } = replica;
  const isSkewed = Math.abs(clockSkewMs ?? 0) > SKEW_MS;
  const isSlow = (load.eventLoopDelayMs ?? 0) > LOOP_DELAY_MS;
  return html`<tr>
    <td><code>${id}</code></td>
    <td>${leading ? html`<${Badge} kind="run">leader</${Badge}>` : roles.includes("scheduler") ? "follower" : roles.join(", ")}</td>
    <td class="number">${generation}${tooOld && html` <${Badge} kind="miss">too old to lead</${Badge}>`}</td>
    <td>${version ?? "–"}</td>
    <td class=${isSkewed ? "number is-off" : "number"}>${duration(clockSkewMs)}</td>
    <td class=${isSlow ? "number is-off" : "number"}>${duration(load.eventLoopDelayMs)}</td>
    <td class="number">${bytes(load.rssBytes)}</td>
    <td class="number"><${Since} at=${startedAt} /></td>
    <td><${Running} running=${running} runningCount=${runningCount} /></td>
  </tr>`;
}

function Running({ running, runningCount }: Pick<ReplicaInfo, "running" | "runningCount">) {
  if (running.length === 0) return html`<span class="faint">–</span>`;
  const jobs = [...new Set(running.map(({ job }) => job))].slice(0, NAMED);
  const named = running.filter(({ job }) => jobs.includes(job)).length;
  const more = (runningCount ?? running.length) - named;
  return html`${jobs.map((job, i) => html`${i > 0 && ", "}<a href=${jobPage(job)}>${job}</a>`)}
    ${more > 0 && html` <span class="faint">and ${counted(more, "more run")}</span>`}`;
}
