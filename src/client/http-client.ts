import type { AuditRow, HistoryRow } from "../launch/read-history.ts";
import { SHAPES } from "./answer-shapes.ts";
import type { BackfillRequest, BackfillResult } from "./backfilling.ts";
import type { BulkResult } from "./bulk.ts";
import {
  countOf,
  mergeNext,
  type NextOptions,
  type NextPart,
  type NextTicks,
  withTogether,
} from "./coming-ticks.ts";
import type { WhyOptions } from "./explain-tick.ts";
import type { Forecast, ForecastOptions } from "./forecast.ts";
import { HttpConnection, type HttpPlace } from "./http-connection.ts";
import type { JobDetail } from "./job-detail.ts";
import type { JobList, JobRow } from "./job-row.ts";
import type { NextPage } from "./next-page.ts";
import type { PauseOptions, PauseResult, ResumeResult } from "./pausing.ts";
import type { RunDetail } from "./runs.ts";
import type { KeepResult, SkipResult } from "./skipping.ts";
import type { Status } from "./status.ts";
import type { StepDownResult } from "./stepping-down.ts";
import type { Page } from "./terms.ts";
import type { TriggerResult } from "./triggering.ts";
import type { Why } from "./why/why.ts";

const MAX_LIMIT = 1_000;

/**
 * What the commands do, over the HTTP API: with the results, and the errors, of the functions that do it over Redis. Every
 * call also rejects with BW_API_FAILED when the API cannot be reached, and with BW_UNAUTHENTICATED and BW_FORBIDDEN.
 */
export class HttpClient {
  readonly #http: HttpConnection;

  constructor(place: HttpPlace) {
    this.#http = new HttpConnection(place);
  }

  status(): Promise<Status> {
    return this.#http.get("/status", SHAPES.status);
  }

  job(job: string): Promise<JobDetail> {
    return this.#http.get(pathOf("jobs", job), SHAPES.job);
  }

  /** All jobs, page by page. */
  jobs(): Promise<readonly JobRow[]> {
    return this.#pages(Number.POSITIVE_INFINITY, (limit, cursor) =>
      this.#http.get<JobList>("/jobs", SHAPES.page, { limit, cursor }),
    );
  }

  /** The last ticks of a job, newest first. */
  history(job: string, limit: number): Promise<readonly HistoryRow[]> {
    return this.#pages(limit, (limit, cursor) =>
      this.#http.get<Page<HistoryRow>>(`${pathOf("jobs", job)}/ticks`, SHAPES.page, { limit, cursor }),
    );
  }

  /** What operators did last, newest first. */
  audit(limit: number): Promise<readonly AuditRow[]> {
    return this.#pages(limit, (limit, cursor) =>
      this.#http.get<Page<AuditRow>>("/audit", SHAPES.page, { limit, cursor }),
    );
  }

  why(job: string, { at }: WhyOptions = {}): Promise<Why> {
    return this.#http.get(`${pathOf("jobs", job)}/why`, SHAPES.why, { at: at?.toISOString() });
  }

  forecast({ days, job, from }: ForecastOptions = {}): Promise<Forecast> {
    return this.#http.get("/forecast", SHAPES.forecast, { days, job, from: from?.toISOString() });
  }

  /** The coming ticks of a job, or of all. */
  async next(job: string | undefined, options: NextOptions): Promise<NextTicks> {
    const { count, from, until, excluded } = options;
    const times = { from: from?.toISOString(), until: until?.toISOString() };
    const query = { job, count, ...times, excluded: excluded === undefined ? undefined : String(excluded) };
    const parts: NextPart[] = [];
    let cursor: string | undefined;
    do {
      const page: NextPage = await this.#http.get("/next", SHAPES.next, { ...query, cursor });
      const { items, next, ...part } = page;
      parts.push({ ...part, ticks: items });
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    const { ticks, ...about } = mergeNext(parts);
    return { ...about, ticks: until === undefined ? ticks : withTogether(ticks), count: countOf(options) };
  }

  run(run: string): Promise<RunDetail> {
    return this.#http.get(pathOf("runs", run), SHAPES.run);
  }

  pause(job: string, options: PauseOptions = {}): Promise<PauseResult> {
    return this.#http.post(`${pathOf("jobs", job)}/pause`, SHAPES.changed, options);
  }

  resume(job: string): Promise<ResumeResult> {
    return this.#http.post(`${pathOf("jobs", job)}/resume`, SHAPES.changed);
  }

  pauseMany(names: readonly string[], options: PauseOptions = {}): Promise<BulkResult<PauseResult>> {
    return this.#batches(names, names => this.#http.post("/jobs:pause", SHAPES.bulk, { ...options, names }));
  }

  resumeMany(names: readonly string[]): Promise<BulkResult<ResumeResult>> {
    return this.#batches(names, names => this.#http.post("/jobs:resume", SHAPES.bulk, { names }));
  }

  skipNext(job: string): Promise<SkipResult> {
    return this.#http.post(`${pathOf("jobs", job)}/skip-next`, SHAPES.skipped);
  }

  keepNext(job: string): Promise<KeepResult> {
    return this.#http.post(`${pathOf("jobs", job)}/skip-next`, SHAPES.kept, { undo: true });
  }

  trigger(job: string, data: Readonly<Record<string, unknown>> | undefined): Promise<TriggerResult> {
    return this.#http.post(`${pathOf("jobs", job)}/trigger`, SHAPES.triggered, { data });
  }

  backfill(job: string, request: Omit<BackfillRequest, "requestId">): Promise<BackfillResult> {
    return this.#http.post(`${pathOf("jobs", job)}/backfill`, SHAPES.backfilled, request);
  }

  stepDown(): Promise<StepDownResult> {
    return this.#http.post("/stepdown", SHAPES.steppedDown);
  }

  /** A request has 10,000 names at most, and its answer must come in time. */
  async #batches<R>(
    names: readonly string[],
    act: (names: readonly string[]) => Promise<BulkResult<R>>,
  ): Promise<BulkResult<R>> {
    const items: BulkResult<R>["items"][number][] = [];
    for (let i = 0; i < names.length; i += MAX_LIMIT) {
      items.push(...(await act(names.slice(i, i + MAX_LIMIT))).items);
    }
    return { items, count: items.length };
  }

  async #pages<T>(
    count: number,
    read: (limit: number, cursor: string | undefined) => Promise<Page<T>>,
  ): Promise<readonly T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await read(Math.min(count - items.length, MAX_LIMIT), cursor);
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && items.length < count);
    return items;
  }
}

function pathOf(kind: "jobs" | "runs", name: string): string {
  return `/${kind}/${encodeURIComponent(name)}`;
}
