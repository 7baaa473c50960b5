import { describe, expect } from "vitest";
import type { AuditRow } from "../../src/launch/read-history.ts";
import { test } from "../support/fixtures.ts";
import { launches, shutDown } from "../support/test-deployments.ts";
import { expectAccount, historyOf, json } from "../support/tick-account.ts";

const NEVER = '"2100-01-01T00:00:00Z"';
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("an operator's command", () => {
  test("is answered, is on record with who gave it, and may be given again", async ({ deploy }) => {
    const deployment = await deploy({
      jobs: [
        `rare: { at: [${NEVER}], handler: echo, data: { format: csv, keep: 1 } }`,
        "hourly: { every: 1h, handler: echo, overlap: skip }",
      ],
    });
    deployment.start();
    await deployment.when("leader.elected");
    const by = (who: string) => ["--by", who];

    const paused = await json<{ since: string }>(deployment, "pause", "rare", ...by("ann"));
    expect(paused).toEqual({
      job: "rare",
      paused: true,
      since: ISO,
      until: null,
      reason: null,
      changed: true,
    });
    expect(await json(deployment, "pause", "rare", ...by("bob"))).toEqual({ ...paused, changed: false });
    const status = await json<{ jobs: object[] }>(deployment, "status");
    expect(status.jobs).toMatchObject([
      { name: "rare", paused: true },
      { name: "hourly", paused: false },
    ]);
    expect(await json(deployment, "resume", "rare", ...by("cid"))).toEqual({
      job: "rare",
      paused: false,
      changed: true,
    });
    expect(await json(deployment, "resume", "rare")).toEqual({ job: "rare", paused: false, changed: false });

    const hour = 60 * 60_000;
    const one = await json<{ skips: string }>(deployment, "skip-next", "hourly", ...by("dot"));
    const two = await json<{ skips: string }>(deployment, "skip-next", "hourly", ...by("dot"));
    expect(Date.parse(one.skips) % hour).toBe(0);
    expect(Date.parse(two.skips)).toBe(Date.parse(one.skips) + hour);
    const kept = await json(deployment, "skip-next", "hourly", "--undo", ...by("eve"));
    expect(kept).toEqual({ job: "hourly", keeps: [one.skips, two.skips] });

    const { run } = await json<{ run: string }>(
      deployment,
      "trigger",
      "rare",
      "--data",
      '{"format":"pdf"}',
      ...by("fay"),
    );
    await deployment.when("run.completed", line => line["run"] === run);
    const data = (await deployment.queue().getJob(run))?.data;
    expect(data).toMatchObject({ format: "pdf", keep: 1, _tick: { kind: "manual" } });

    const range = ["--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T03:00:00Z"];
    const ticks = ["01", "02", "03"].map(h => `2026-01-01T${h}:00:00.000Z`);
    const dry = await json(deployment, "backfill", "hourly", ...range, "--dry-run", ...by("gus"));
    expect(dry).toEqual({ job: "hourly", ticks, runs: [] });
    const filled = await json<{ runs: string[] }>(
      ...[deployment, "backfill", "hourly", ...range, "--overlap", "allow", ...by("gus")],
    );
    expect(filled).toEqual({ job: "hourly", ticks, runs: expect.any(Array) });
    for (const [i, run] of filled.runs.entries()) {
      expect(run).toMatch(new RegExp(`^hourly@20260101T0${i + 1}0000Z~backfill-`));
      await deployment.when("run.completed", line => line["run"] === run);
      expect((await deployment.queue().getJob(run))?.data._tick).toMatchObject({
        at: ticks[i],
        kind: "backfill",
      });
    }

    const stepped = await json(deployment, "stepdown", ...by("hal"));
    expect(stepped).toMatchObject({ steppedDown: 1, leader: { term: 2 } });
    await deployment.when("leader.resigned", line => line["reason"] === "stepdown");

    const audit = await json<AuditRow[]>(deployment, "audit", "--limit", "100");
    expect(audit.reverse()).toEqual([
      { at: paused.since, action: "pause", job: "rare", by: "ann" },
      { at: ISO, action: "resume", job: "rare", by: "cid" },
      { at: ISO, action: "skip-next", job: "hourly", by: "dot", ticks: [one.skips] },
      { at: ISO, action: "skip-next", job: "hourly", by: "dot", ticks: [two.skips] },
      { at: ISO, action: "keep-next", job: "hourly", by: "eve", ticks: [one.skips, two.skips] },
      { at: ISO, action: "trigger", job: "rare", by: "fay", run },
      { at: ISO, action: "backfill", job: "hourly", by: "gus", ticks: 3 },
      { at: ISO, action: "stepdown", by: "hal" },
    ]);
    // The leader of the time has the same in its log.
    const told = await deployment.when("operator.acted", line => line["action"] === "stepdown");
    expect(told).toMatchObject({ level: "info", by: "hal", term: 1 });
    const acted = deployment
      .lines("operator.acted")
      .map(({ action, job, by, term }) => ({ action, job, by, term }));
    expect(acted).toEqual(audit.map(({ action, job, by }) => ({ action, job, by, term: 1 })));
    const rare = await historyOf(deployment, "rare");
    expect(rare.map(row => [row.outcome, row.by])).toEqual([
      ["paused", "ann"],
      ["resumed", "cid"],
      ["launched", "fay"],
    ]);
    const hourly = await historyOf(deployment, "hourly");
    expect(hourly.filter(({ kind, outcome }) => kind === "backfill" && outcome === "launched")).toMatchObject(
      ticks.map((tick, i) => ({ tick, run: filled.runs[i], by: "gus", result: "completed" })),
    );
    // People get lines and tables of the same.
    const table = await deployment.command("audit");
    expect(table).toMatchObject({ code: 0, stderr: "" });
    expect(table.stdout).toMatch(/^\S+Z +pause +rare +ann\b/m);
    const line = await deployment.command("pause", "rare");
    expect(line).toMatchObject({ code: 0, stdout: expect.stringMatching(/^paused rare\b[^\n]*\n$/) });
  });

  test("that makes no sense changes nothing, and says why in one line", async ({ deploy }) => {
    const deployment = await deploy({
      jobs: [
        "beat: { every: 1s, handler: echo }",
        "hourly: { every: 1h, handler: echo, overlap: skip }",
        'gone: { at: ["2026-01-01T00:00:00Z"], handler: echo }',
      ],
    });
    const range = (from: string, to: string, job = "beat") => ["backfill", job, "--from", from, "--to", to];
    const [early, late] = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z"];
    const rows: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
      ...["pause", "resume", "skip-next", "trigger", "history"].map(
        command => [[command, "baet"], 2, /\bbaet\b.*did you mean beat\?/] as const,
      ),
      [range(early, late, "baet"), 2, /\bbaet\b.*did you mean beat\?/],
      [["pause"], 2, /job/],
      [["backfill", "beat", "--from", early], 2, /--to/],
      [range("yesterday", late), 2, /--from yesterday.*expected an instant/],
      [range(early, "2026-01-01 10:00"), 2, /--to 2026-01-01 10:00.*expected an instant/],
      [range("2026-13-01T00:00:00Z", late), 2, /--from 2026-13-01/],
      [range("2026-02-30T00:00:00Z", "2026-03-02T00:00:10Z"), 2, /--from 2026-02-30/],
      [range("2026-01-01T00:00:00", late), 2, /--from 2026-01-01T00:00:00: .*expected an instant/],
      [range(late, early), 2, /--to .*before --from/],
      [range(early, "2999-01-01T00:00:00Z"), 2, /--to .*future/],
      [range("2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"), 1, /\d{6,} ticks.*limit is 100\b.*--limit/],
      [[...range(early, late), "--limit", "3"], 1, /\b11 ticks.*limit is 3\b/],
      [[...range(early, late), "--limit", "0"], 2, /--limit/],
      [[...range(early, late), "--limit", "20000"], 2, /--limit 20000.*10000/],
      [range("2026-01-01T00:00:01Z", "2026-01-01T00:59:59Z", "hourly"), 1, /hourly has no tick/],
      [[...range(early, late, "hourly"), "--json"], 1, /overlap: skip.*--overlap allow/],
      [[...range(early, late, "hourly"), "--overlap", "queue"], 2, /--overlap/],
      [["trigger", "beat", "--data", "{x"], 2, /--data.*JSON/],
      [["trigger", "beat", "--data", '{"_tick":1}'], 2, /--data.*_tick/],
      [["skip-next", "beat", "--undo"], 1, /no tick of beat is to be skipped/],
      [["skip-next", "gone"], 1, /gone has no tick to come/],
      [["stepdown"], 1, /no replica leads/],
    ];
    const found: object[] = [];
    for (let i = 0; i < rows.length; i += 4) {
      const answers = rows
        .slice(i, i + 4)
        .map(async ([args]) => ({ args, ...(await deployment.command(...args)) }));
      found.push(...(await Promise.all(answers)));
    }
    const oneLine = (says: RegExp) => new RegExp(`^(?=[^\\n]+\\n$).*${says.source}`);
    expect(found).toEqual(
      rows.map(([args, code, says]) => ({
        args,
        code,
        stdout: "",
        stderr: expect.stringMatching(oneLine(says)),
      })),
    );
    expect(await json(deployment, "audit")).toEqual([]);
    for (const job of ["beat", "hourly"]) expect(await json(deployment, "history", job)).toEqual([]);
    const keys = await deployment.redis().keys(`${deployment.prefix}*`);
    expect(keys.filter(key => !key.startsWith(`${deployment.prefix}/requests/`))).toEqual([]);
  });
});

describe("two operators at once", () => {
  test("both get an answer, and only one of them has changed what only one can change", async ({
    deploy,
  }) => {
    const deployment = await deploy({
      jobs: [
        "hourly: { every: 1h, handler: echo }",
        `alone: { at: [${NEVER}], handler: held, overlap: skip }`,
      ],
      handlers: { held: 'await opened("gate");' },
    });
    for (let i = 0; i < 2; i++) deployment.start();
    await deployment.when("leader.observed");
    const both = async (...args: string[]) => {
      const found = await Promise.all(
        ["ann", "bob"].map(by => deployment.command(...args, "--json", "--by", by)),
      );
      return found.map(({ code, stdout, stderr }) => ({ code, stderr, ...JSON.parse(stdout || "{}") }));
    };
    for (const command of ["pause", "resume"]) {
      const answers = await both(command, "hourly");
      expect(answers.map(({ code }) => code)).toEqual([0, 0]);
      expect(answers.map(({ changed }) => changed).toSorted()).toEqual([false, true]);
    }
    const skips = await both("skip-next", "hourly");
    expect(new Set(skips.map(({ skips }) => skips)).size).toBe(2);
    const undone = await both("skip-next", "hourly", "--undo");
    expect(undone.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    expect(undone.find(({ code }) => code === 0)?.keeps).toHaveLength(2);
    const triggered = await both("trigger", "alone");
    expect(triggered.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    const run = triggered.find(({ code }) => code === 0)?.run;
    expect(triggered.find(({ code }) => code === 1)?.stderr).toMatch(
      new RegExp(`^not started: ${run} .*\n$`),
    );
    await deployment.open("gate");
    await deployment.when("run.completed", line => line["run"] === run);
    const stepped = await both("stepdown");
    // A caller that asks between two leaders is answered that there is no leader.
    expect(stepped.map(({ code }) => code)).toContain(0);
    for (const { code, stderr } of stepped) if (code !== 0) expect(stderr).toMatch(/^no replica leads/);
    const audit = await json<AuditRow[]>(deployment, "audit", "--limit", "100");
    const count = (action: string) => audit.filter(row => row.action === action).length;
    expect({ pause: count("pause"), resume: count("resume") }).toEqual({ pause: 1, resume: 1 });
    expect({ skip: count("skip-next"), keep: count("keep-next") }).toEqual({ skip: 2, keep: 1 });
    const rows = await historyOf(deployment, "hourly");
    expect(rows.filter(({ outcome }) => outcome === "paused")).toHaveLength(1);
  });
});

describe("stepdown", () => {
  test("lets another replica lead, which the answer names, and loses and doubles no tick", async ({
    deploy,
  }) => {
    const deployment = await deploy({
      // The history keeps about 500 rows, and the commands of this test take a while on a busy machine.
      jobs: ["beat: { every: 250ms, handler: echo, catchUp: all }"],
    });
    const ledger = deployment.ledger();
    for (let i = 0; i < 3; i++) deployment.start();
    await deployment.when("leader.observed");
    await launches(deployment, "beat", 1);
    for (let i = 0; i < 4; i++) {
      const before = (await json<{ leader: { replica: string; term: number } }>(deployment, "status")).leader;
      const { steppedDown, leader } = await json<{
        steppedDown: number;
        leader: { replica: string; term: number };
      }>(deployment, "stepdown");
      expect(steppedDown).toBe(before.term);
      expect(leader.term).toBe(before.term + 1);
      expect(leader.replica).not.toBe(before.replica);
      const resigned = await deployment.when("leader.resigned", line => line["term"] === steppedDown);
      expect(resigned).toMatchObject({ replica: before.replica, reason: "stepdown" });
      await deployment.when("tick.launched", line => line["term"] === leader.term);
    }
    await shutDown(deployment);
    await ledger.read();
    const fates = expectAccount("beat", 250, await historyOf(deployment, "beat"), ledger);
    expect(fates.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    expect(new Set(fates.map(({ term }) => term)).size).toBeGreaterThanOrEqual(5);
  });

  test("of the only replica ends in its own next term", async ({ deploy }) => {
    // It leaves a third of the lease to others.
    const settings = ["election: { leaseTtl: 18s }"];
    const deployment = await deploy({
      jobs: ["beat: { every: 1s, handler: echo }"],
      settings,
    });
    const { replica } = await deployment.start().when("leader.elected");
    const answer = await json(deployment, "stepdown");
    expect(answer).toEqual({ steppedDown: 1, leader: { replica, term: 2 } });
  });
});
