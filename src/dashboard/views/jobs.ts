/** All jobs: found by typing, narrowed by state, and acted on together. */
import { type Signal, useSignal } from "@preact/signals";
import { openBulk } from "../actions.ts";
import { html } from "../html.ts";
import { Legend } from "../outcome.ts";
import { Empty, Heading, Loaded } from "../parts.ts";
import { page as pageAddress } from "../place.ts";
import { mayAct } from "../session.ts";
import type { JobPage } from "../shapes.ts";
import { count, counted } from "../words.ts";
import { type Filter, Filters, JobPager, useJobs } from "./job-filters.ts";
import { JobLine } from "./job-line.ts";

const PAGE_ROWS = 100;

export function JobsView() {
  const found = useJobs(PAGE_ROWS);
  const { jobs, filter, sort } = found;
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  return html`
    <${Heading} title="Jobs"><${Legend} /></${Heading}>
    <${Filters} found=${found} />
    <${Loaded}
      of=${jobs}
      show=${(page: JobPage) => html`
        <${Bulk} page=${page} filter=${filter} sort=${sort} chosen=${chosen} />
        ${page.items.length === 0 ? html`<${Empty}>No job matches.</${Empty}>` : html`<${Table} page=${page} chosen=${chosen} />`}
        <${JobPager} found=${found} />
      `}
    />
  `;
}

interface BulkParts {
  readonly page: JobPage;
  readonly filter: Filter;
  readonly sort: string;
  readonly chosen: Signal<ReadonlySet<string>>;
}

/** How many match, and what can be done with those chosen, or with all that match. */
function Bulk({ page, filter, sort, chosen }: BulkParts) {
  const names = [...chosen.value];
  const isFiltered = Object.values(filter).some(value => value !== "");
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
  const target = names.length > 0 ? { names } : { filter: given };
  const label = names.length > 0 ? `${count(names.length)} chosen` : `all ${count(page.total)}`;
  const isOffered = mayAct() && page.total > 0 && (names.length > 0 || isFiltered);
  return html`<div class="bulk">
    <span role="status">${counted(page.total, "job")}${isFiltered && " match"}</span>
    <a href=${pageAddress("timeline", { ...filter, sort })}>Timeline of these</a>
    ${
      isOffered &&
      html`<span class="bulk-actions" role="group" aria-label="Act on several jobs">
        <button onClick=${() => openBulk("pause", target)}>Pause ${label} …</button>
        <button onClick=${() => openBulk("resume", target)}>Resume ${label} …</button>
        <button onClick=${() => openBulk("trigger", target)}>Trigger ${label} …</button>
        ${names.length > 0 && html`<button class="quiet" onClick=${() => clear(chosen)}>Choose none</button>`}
      </span>`
    }
  </div>`;
}

function clear(chosen: Signal<ReadonlySet<string>>): void {
  chosen.value = new Set();
}

function Table({ page, chosen }: { page: JobPage; chosen: Signal<ReadonlySet<string>> }) {
  const canChoose = mayAct();
  const names = page.items.map(({ name }) => name);
  const isAll = names.every(name => chosen.value.has(name));
  const toggleAll = () => {
    const next = new Set(chosen.value);
    for (const name of names) isAll ? next.delete(name) : next.add(name);
    chosen.value = next;
  };
  const toggle = (name: string) => {
    const next = new Set(chosen.value);
    if (!next.delete(name)) next.add(name);
    chosen.value = next;
  };
  return html`<table class="jobs">
    <thead>
      <tr>
        ${canChoose && html`<th class="choose"><input type="checkbox" aria-label="Choose all on this page" checked=${isAll} onChange=${toggleAll} /></th>`}
        <th>Job</th>
        <th>Last 60 ticks</th>
        <th class="number">Duration p50 / p95</th>
        <th class="number">Late p50 / p95</th>
        <th class="number">Next tick</th>
      </tr>
    </thead>
    <tbody>
      ${page.items.map(
        job => html`<${JobLine}
          key=${job.name}
          job=${job}
          isChosen=${chosen.value.has(job.name)}
          onChoose=${canChoose ? toggle : null}
        />`,
      )}
    </tbody>
  </table>`;
}
