/** Which jobs a view is about: found by typing, narrowed by state. The address has the filter, the same for each view. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { classes, html } from "../html.ts";
import { Pager } from "../parts.ts";
import { CALM_MS, type Concerns, type Resource, SOON_MS, useResource } from "../resource.ts";
import { route, setParameters } from "../router.ts";
import { type JobPage, STATES, type State } from "../shapes.ts";
import { count } from "../words.ts";

const STATE_NAMES: Readonly<Record<State, string>> = {
  all: "All",
  failing: "Failing",
  overdue: "Overdue",
  paused: "Paused",
  running: "Running",
  skippedToday: "Skipped today",
  missedToday: "Missed today",
  dueSoon: "Due soon",
  quarantined: "Quarantined",
};

const SORTS = [
  ["", "Name"],
  ["next", "Next tick"],
  ["-last", "Last tick"],
  ["-overdue", "Overdue most"],
  ["-failedToday", "Failed most today"],
] as const;

export type Filter = Readonly<Record<"search" | "state" | "queue" | "handler", string>>;

export interface FoundJobs {
  readonly filter: Filter;
  readonly sort: string;
  readonly jobs: Resource<JobPage>;
  readonly cursors: Signal<readonly string[]>;
  /** Of a page. */
  readonly rows: number;
}

/** The jobs that the address asks for, page by page. */
export function useJobs(rows: number): FoundJobs {
  const { parameters } = route.value;
  const filter = filterOf(parameters);
  const sort = parameters.get("sort") ?? "";
  const cursors = useSignal<readonly string[]>([]);
  const key = JSON.stringify([filter, sort]);
  useEffect(() => {
    cursors.value = [];
  }, [key]);
  const shown = useRef<ReadonlySet<unknown>>(new Set());
  const concerns = useMemo((): Concerns => {
    return ({ type, data }) => {
      if (type === "job" || type === "run") return SOON_MS;
      const touched = type === "counts" && Array.isArray(data["jobs"]) ? data["jobs"] : [];
      return touched.some(name => shown.current.has(name)) ? CALM_MS : null;
    };
  }, []);
  const jobs = useResource<JobPage>(
    "/jobs",
    { ...filter, sort, limit: rows, cursor: cursors.value.at(-1) },
    concerns,
  );
  const items = jobs.data.value?.items;
  shown.current = useMemo(() => new Set(items?.map(({ name }) => name)), [items]);
  return { filter, sort, jobs, cursors, rows };
}

function filterOf(parameters: URLSearchParams): Filter {
  const of = (key: string) => parameters.get(key) ?? "";
  return { search: of("search"), state: of("state"), queue: of("queue"), handler: of("handler") };
}

export function Filters({ found: { filter, sort, jobs } }: { found: FoundJobs }) {
  const page = jobs.data.value;
  const field = useRef<HTMLInputElement>(null);
  // Not after the next frame: the key may come as soon as the field is to be seen.
  useLayoutEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = (event.target as Element).matches?.("input, textarea, select");
      if (event.key !== "/" || isTyping || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  return html`<search class="filters">
    <div class="filter-line">
      <label class="search">
        <span class="sr-only">Search by name, handler or queue</span>
        <input
          ref=${field}
          type="search"
          placeholder="Search name, handler, queue  ( / )"
          value=${filter.search}
          onInput=${(event: Event) => setParameters({ search: (event.target as HTMLInputElement).value })}
        />
      </label>
      <label class="sort">
        <span>Sort</span>
        <select value=${sort} onChange=${(event: Event) => setParameters({ sort: (event.target as HTMLSelectElement).value })}>
          ${SORTS.map(([value, label]) => html`<option value=${value}>${label}</option>`)}
        </select>
      </label>
      ${filter.queue && html`<${Removable} label="queue" name="queue" value=${filter.queue} />`}
      ${filter.handler && html`<${Removable} label="handler" name="handler" value=${filter.handler} />`}
    </div>
    <div class="facets" role="group" aria-label="State">
      ${STATES.map(state => {
        const isOn = (filter.state || "all") === state;
        const jobs = page?.facets[state];
        return html`<button
          class=${classes("facet", jobs === 0 && "is-zero")}
          aria-pressed=${isOn}
          onClick=${() => setParameters({ state: isOn || state === "all" ? null : state })}
        >
          ${STATE_NAMES[state]} <b>${jobs === undefined ? "" : count(jobs)}</b>
        </button>`;
      })}
    </div>
  </search>`;
}

function Removable({ label, name, value }: { label: string; name: string; value: string }) {
  return html`<button class="facet" aria-pressed="true" onClick=${() => setParameters({ [name]: null })}>
    ${label}: ${value} <span aria-hidden="true">×</span><span class="sr-only">remove</span>
  </button>`;
}

/** Which of the jobs that match are shown, and how to come to the others. */
export function JobPager({ found: { jobs, cursors, rows } }: { found: FoundJobs }) {
  const page = jobs.data.value;
  if (page === null) return null;
  const first = cursors.value.length * rows;
  return html`<${Pager} cursors=${cursors} next=${page.next} names=${["Previous", "Next"]}>
    <span>${count(first + 1)} – ${count(first + page.items.length)} of ${count(page.total)}</span>
  </${Pager}>`;
}
