import type { FastifyInstance, FastifyReply } from "fastify";
import type { AuditRow, Bucket, JobRow, Timeline } from "../../../src/dashboard/shapes.ts";
import { HOUR_MS, iso, MINUTE_MS, makeHistory, makeReplicas, makeTerms, numbersFrom } from "./stub-data.ts";

const DAY_MS = 24 * HOUR_MS;

/** What these routes need of the stub. */
export interface StubCluster {
  readonly jobs: readonly JobRow[];
  readonly audit: AuditRow[];
  /** What was posted, oldest first. */
  readonly posted: { readonly url: string; readonly body: unknown }[];
  matching(query: Readonly<Record<string, string | undefined>>): readonly JobRow[];
}

export function problem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply.code(status).type("application/problem+json").send({ title: code, status, code, detail });
}

/** What the views read beside the list of jobs, and the actions. */
export function addClusterRoutes(server: FastifyInstance, api: string, stub: StubCluster): void {
  const find = (name: string) => stub.jobs.find(job => job.name === name);
  server.get(`${api}/status`, () => statusOf(Date.now()));
  server.get(`${api}/replicas`, () => ({ items: makeReplicas(Date.now()) }));
  server.get(`${api}/terms`, () => ({ items: makeTerms(Date.now()), next: null }));
  server.get<{ Querystring: Record<string, string> }>(`${api}/audit`, ({ query }) => {
    const start = Number(query["cursor"] ?? 0);
    const end = start + Number(query["limit"] ?? 100);
    return { items: stub.audit.slice(start, end), next: end < stub.audit.length ? String(end) : null };
  });
  server.get<{ Querystring: Record<string, string> }>(`${api}/timeline`, ({ query }) =>
    timelineOf(stub.jobs, query),
  );
  server.get(`${api}/forecast`, () => forecastOf(stub.jobs, Date.now()));
  type OfJob = { Params: { name: string }; Querystring: Record<string, string> };
  server.get<OfJob>(`${api}/jobs/:name`, ({ params }, reply) => {
    const job = find(params.name);
    return job ? detailOf(job) : problem(reply, 404, "BW_JOB_UNKNOWN", `There is no job ${params.name}.`);
  });
  server.get<OfJob>(`${api}/jobs/:name/ticks`, ({ params, query }, reply) => {
    const job = find(params.name);
    if (!job) return problem(reply, 404, "BW_JOB_UNKNOWN", `There is no job ${params.name}.`);
    return { items: query["future"] ? comingOf(job) : makeHistory(job, Date.now()), next: null };
  });
  server.get<OfJob>(`${api}/jobs/:name/why`, ({ params, query }) => ({
    job: params.name,
    at: query["at"],
    verdict: "skipped",
    text: `The tick of ${query["at"]} was skipped: ada had paused the job 3 h before, "the ledger is being moved".`,
    reasonCode: "paused",
    run: null,
    nearest: { before: null, after: null },
  }));
  server.get<{ Params: { run: string } }>(`${api}/runs/:run`, ({ params }) => runOf(params.run));
  addActions(server, api, stub);
}

function addActions(server: FastifyInstance, api: string, stub: StubCluster): void {
  const act = (
    path: string,
    answer: (params: Record<string, string>, body: Record<string, unknown>) => unknown,
  ) => {
    server.post<{ Params: Record<string, string>; Body: Record<string, unknown> }>(
      `${api}${path}`,
      ({ url, params, body }) => {
        const given = body ?? {};
        stub.posted.push({ url: url.slice(api.length), body: given });
        if (!given["dryRun"])
          stub.audit.unshift({
            at: iso(Date.now()),
            action: path.split(/[/:]/).at(-1) ?? "",
            by: "ada",
            job: params["name"] ?? "",
          });
        return answer(params, given);
      },
    );
  };
  act("/jobs/:name/trigger", ({ name }) => ({ run: `bw.${name}.manual` }));
  act("/jobs/:name/pause", ({ name }) => ({ job: name, paused: true, changed: true }));
  act("/jobs/:name/resume", ({ name }) => ({ job: name, paused: false, changed: true }));
  act("/jobs/:name/skip-next", ({ name }) => ({ job: name, skips: iso(Date.now() + HOUR_MS) }));
  act("/jobs/:name/backfill", ({ name }, { from, to }) => {
    const ticks: string[] = [];
    for (
      let atMs = Date.parse(String(from));
      atMs <= Date.parse(String(to)) && ticks.length < 500;
      atMs += HOUR_MS
    )
      ticks.push(iso(atMs));
    return { job: name, ticks, runs: [] };
  });
  act("/runs/:run/retry", ({ run }) => ({ run }));
  act("/runs/:run/cancel", ({ run }) => ({ run }));
  act("/stepdown", () => ({}));
  for (const verb of ["pause", "resume", "trigger"]) {
    act(`/jobs::${verb}`, (_params, { names, filter }) => {
      const chosen = Array.isArray(names)
        ? names.map(String)
        : stub.matching((filter ?? {}) as Record<string, string>).map(({ name }) => name);
      return { count: chosen.length, items: chosen.map(job => ({ job, error: null })) };
    });
  }
}

function statusOf(nowMs: number) {
  const [term] = makeTerms(nowMs);
  return {
    leader: { replica: term?.replica, term: term?.term, since: term?.at },
    provenGeneration: 42,
    replicas: makeReplicas(nowMs),
    jobsFrom: "cluster",
    queues: [
      { name: "default", paused: false },
      { name: "heavy", paused: true },
    ],
    stuck: [],
  };
}

function detailOf(job: JobRow) {
  return {
    ...job,
    description: ["every 5 minutes"],
    policy: [
      { name: "overlap", value: "skip", source: "job" },
      { name: "catchUp", value: "latest", source: "defaults" },
      { name: "catchUpWindow", value: "1h", source: "built-in" },
      { name: "retries", value: { limit: 3, backoff: "exponential" }, source: "job" },
      { name: "timeout", value: "10m", source: "defaults" },
      { name: "jitter", value: null, source: "built-in" },
    ],
  };
}

function comingOf(job: JobRow) {
  const startMs = Math.ceil(Date.now() / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
  return Array.from({ length: 12 }, (_, i) => ({
    job: job.name,
    tick: iso(startMs + i * 5 * MINUTE_MS),
    local: "",
    ...(i === 4 && { note: "the clock goes back; the second pass of this hour" }),
  }));
}

function runOf(run: string) {
  const startedMs = Date.now() - 90_000;
  return {
    run,
    job: run.split(".")[1] ?? "",
    queue: "default",
    kind: "scheduled",
    tick: iso(startedMs - 40),
    state: "failed",
    attempts: [1, 2, 3].map(number => ({
      number,
      startedAt: iso(startedMs + number * 10_000),
      endedAt: iso(startedMs + number * 10_000 + 1_200),
      error: "connect ECONNREFUSED 10.0.3.7:5432",
      replica: "bellwether-7f9c4d8b6-2xk9q",
    })),
    waitMs: 38,
    durationMs: 1_212,
    error:
      "connect ECONNREFUSED 10.0.3.7:5432 <img src=x onerror=alert(2)>\n    at TCPConnectWrap.afterConnect",
    log: ["connecting to 10.0.3.7:5432", "refused, again in 10 s", "<img src=x onerror=alert(1)>"],
    result: { page: "<script>alert(3)</script>" },
    data: { tenant: "acme", batch: 12 },
    hidden: false,
    by: null,
  };
}

function forecastOf(jobs: readonly JobRow[], nowMs: number) {
  const startMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const next = numbersFrom(3);
  const buckets: [string, number][] = [];
  for (let m = 0; m < 7 * 24 * 60; m += 1) {
    const minute = new Date(startMs + m * MINUTE_MS).getUTCMinutes();
    const launches = (minute % 5 === 0 ? 8 : 0) + (minute === 0 ? 30 : 0) + Math.floor(next() * 3);
    if (launches > 0) buckets.push([iso(startMs + m * MINUTE_MS), launches]);
  }
  const names = jobs.slice(0, 10).map(({ name }) => name);
  const worst = buckets.toSorted(([, a], [, b]) => b - a).slice(0, 10);
  return {
    from: iso(startMs),
    to: iso(startMs + 7 * DAY_MS),
    bucketMs: MINUTE_MS,
    buckets,
    worst: worst.map(([at, count]) => ({ at, count, jobs: names })),
    quiet: iso(startMs + 7 * MINUTE_MS),
    total: buckets.reduce((sum, [, launches]) => sum + launches, 0),
  };
}

function timelineOf(jobs: readonly JobRow[], query: Record<string, string>): Timeline {
  const nowMs = Date.now();
  const fromMs = query["from"] ? Date.parse(query["from"]) : nowMs - DAY_MS;
  const toMs = query["to"] ? Date.parse(query["to"]) : nowMs + DAY_MS;
  const terms = makeTerms(nowMs);
  const bucketMs = (toMs - fromMs) / 120;
  const next = numbersFrom(11);
  const asked = new Set(query["jobs"]?.split(","));
  const lanes = jobs.flatMap(({ name, paused, running: active }) => {
    if (!asked.has(name)) return [];
    const buckets: Bucket[] = [];
    for (let atMs = fromMs; atMs < Math.min(nowMs, toMs); atMs += bucketMs) {
      const luck = next();
      if (luck < 0.5) continue;
      const launched = paused ? 0 : Math.ceil(luck * 6);
      const failed = luck > 0.98 ? 1 : 0;
      const skipped = paused ? 4 : luck > 0.94 && luck < 0.96 ? 1 : 0;
      const missed = luck > 0.96 && luck < 0.965 ? 2 : 0;
      buckets.push({
        at: iso(atMs),
        endAt: iso(atMs + bucketMs),
        launched,
        failed,
        running: 0,
        skipped,
        missed,
        late: 0,
      });
    }
    if (active > 0) {
      const at = iso(nowMs - 90_000);
      buckets.push({ at, endAt: at, launched: 1, failed: 0, running: 1, skipped: 0, missed: 0, late: 0 });
    }
    const coming: string[] = [];
    for (
      let atMs = Math.max(nowMs, fromMs) + next() * HOUR_MS;
      atMs < toMs && !paused;
      atMs += (1 + next() * 3) * HOUR_MS
    )
      coming.push(iso(atMs));
    return { job: name, buckets, coming, hasMore: name === "cache-warm" };
  });
  const gaps = terms.flatMap(({ term, at, vacantMs }) => {
    if (vacantMs === null) return [];
    const late =
      vacantMs < 1_000
        ? []
        : jobs.slice(0, 5).map(({ name }, i) => ({
            job: name,
            tick: iso(Date.parse(at) - 1_000 * i),
            lateMs: 1_200 * i + 300,
          }));
    return [{ term, from: iso(Date.parse(at) - vacantMs), to: at, vacantMs, late }];
  });
  return { from: iso(fromMs), to: iso(toMs), now: iso(nowMs), terms, lanes, gaps };
}
