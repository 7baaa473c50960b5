import { describe, expect } from "vitest";
import { Cluster } from "../../src/client/cluster.ts";
import { listJobs } from "../../src/client/job-list.ts";
import type { JobListOptions } from "../../src/client/job-row.ts";
import { Operator } from "../../src/operator/operator.ts";
import { jobOf } from "../support/jobs.ts";
import { launchOf, test } from "../support/leader.ts";

const HOURLY = { cron: ["0 * * * *"] };
const NEVER = { at: [Date.UTC(2100, 0, 1)] };

/** A cluster whose jobs only Redis knows. */
const it = test.extend("setup", ({ server, keys, lead, redis, defer }) => async () => {
  const jobs = [
    jobOf("report-daily", { queue: "reports", handler: { kind: "module", path: "reports/daily" } }, NEVER),
    jobOf("report-hourly", { queue: "reports", handler: { kind: "module", path: "reports/hourly" } }, HOURLY),
    jobOf(
      "Mail",
      { handler: { kind: "command", argv: ["sendmail", "--password=x"], cwd: null, env: {}, stdin: null } },
      NEVER,
    ),
    jobOf("clean", {}, NEVER),
  ];
  const { open, commit } = lead(jobs);
  const { cursors } = await open(Date.now());
  const namespace = keys.bullmqPrefix.slice(1, -1);
  const connection = { redis: { kind: "url", url: server.url }, namespace } as const;
  const cluster = new Cluster({ connection, config: () => null, name: "test" });
  defer(() => cluster.close());
  const list = (options: JobListOptions = {}) => listJobs(cluster, options);
  const names = async (options: JobListOptions = {}) => (await list(options)).items.map(({ name }) => name);
  return {
    jobs,
    cursors,
    open,
    commit,
    list,
    names,
    operator: new Operator({ redis, keys, by: "ann" }),
    redis,
  };
});

describe("the list of jobs", () => {
  it.for<[string, JobListOptions, string[]]>([
    ["all, by name", {}, ["Mail", "clean", "report-daily", "report-hourly"]],
    ["backwards", { sort: "-name" }, ["report-hourly", "report-daily", "clean", "Mail"]],
    ["by next tick", { sort: "next", limit: 1 }, ["report-hourly"]],
    ["those whose name, handler or queue have each word", { search: "REPORT daily" }, ["report-daily"]],
    ["by handler, in words", { search: "sendmail" }, ["Mail"]],
    ["of a queue", { queue: "reports" }, ["report-daily", "report-hourly"]],
    ["of a handler", { handler: "reports/hourly" }, ["report-hourly"]],
    ["none", { search: "nothing like this" }, []],
  ])("has %s", async ([, options, expected], { setup }) => {
    expect(await (await setup()).names(options)).toEqual(expected);
  });

  it("shows what does the work, and no argument of it", async ({ setup }) => {
    const { items } = await (await setup()).list({ search: "mail" });
    expect(items).toMatchObject([{ name: "Mail", handler: "command sendmail …", queue: "default" }]);
    expect(JSON.stringify(items)).not.toContain("password");
  });

  it("comes in pages that neither repeat nor hide a job", async ({ setup }) => {
    const { list } = await setup();
    for (const sort of ["name", "-next", "last"] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ sort, limit: 1, ...(cursor !== undefined && { cursor }) });
        expect(page.total).toBe(4);
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(seen.toSorted()).toEqual(["Mail", "clean", "report-daily", "report-hourly"]);
    }
  });

  it("counts the states of what the other filters pass, from what an operator did last", async ({
    setup,
    keys,
  }) => {
    const { list, names, operator, redis } = await setup();
    expect((await list()).facets).toMatchObject({ all: 4, paused: 0, failing: 0, running: 0 });
    await operator.pause({ name: "clean" });
    await redis.sadd(keys.failing, "report-daily");
    await redis.lpush(`${keys.bullmqPrefix}:default:active`, "clean@20261123T070000Z", "unknown");
    await operator.pause({ name: "Mail" });
    expect((await list()).facets).toMatchObject({ all: 4, paused: 2, failing: 1, running: 1 });
    expect((await list({ queue: "reports" })).facets).toMatchObject({ all: 2, paused: 0, failing: 1 });
    expect(await names({ state: "paused" })).toEqual(["Mail", "clean"]);
    expect(await list({ state: "failing" })).toMatchObject({ total: 1, facets: { all: 4 } });
  });

  it("says for how long a tick is overdue, unless its job is paused", async ({ setup, keys }) => {
    const { list, operator, redis } = await setup();
    await redis.hset(keys.cursors, "report-hourly", Date.now() - 3 * 3_600_000);
    const { items } = await list({ state: "overdue" });
    expect(items).toMatchObject([{ name: "report-hourly" }]);
    expect(items[0]?.overdueMs).toBeGreaterThan(3_600_000);
    await operator.pause({ name: "report-hourly" });
    expect((await list({ state: "overdue" })).items).toEqual([]);
  });

  it("has the jobs of a new definition, and none that was retired", async ({ setup, keys, lead }) => {
    const { jobs, names, redis } = await setup();
    expect(await names()).toHaveLength(4);
    await lead([...jobs, jobOf("new")]).open(Date.now());
    expect(await names({ search: "new" })).toEqual(["new"]);
    await redis.hdel(keys.definitions, "new");
    expect(await names({ search: "new" })).toEqual([]);
  });

  it("has strips with its rows", async ({ setup }) => {
    const { jobs, list, commit, cursors } = await setup();
    const [job] = jobs;
    expect(await commit([launchOf(Date.UTC(2100, 0, 1), job?.name)], cursors)).toMatchObject({
      refused: null,
    });
    expect((await list({ search: "daily" })).items).toMatchObject([{ strip: ["running"], durationMs: null }]);
  });

  it.for<[string, object, string]>([
    ["a state", { state: "broken" }, "state"],
    ["an order", { sort: "size" }, "sort"],
    ["a limit", { limit: 1_001 }, "limit"],
    ["a limit of nothing", { limit: 0 }, "limit"],
    ["a cursor", { cursor: "abc" }, "cursor"],
    [
      "a cursor of another order",
      { cursor: Buffer.from('["-name","a","a"]').toString("base64url") },
      "cursor",
    ],
  ])("refuses %s that it does not know", async ([, options, argument], { setup }) => {
    const { list } = await setup();
    await expect(list(options)).rejects.toMatchObject({ code: "BW_ARGUMENT_INVALID", fields: { argument } });
  });
});
