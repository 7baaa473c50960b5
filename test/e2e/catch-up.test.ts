import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { test } from "../support/fixtures.ts";
import { launches, leaderOf, shutDown } from "../support/test-deployments.ts";
import {
  expectAccount,
  expectRuns,
  type Fate,
  fatesIn,
  historyOf,
  isoOf,
  json,
} from "../support/tick-account.ts";

/** Beyond it a tick is late, and the policy has the word. */
const ON_TIME_MS = 5_000;
/** So that a job every 100 ms has more to catch up on than its limit allows. */
const OUTAGE_MS = 16_500;
const BURST = 4;

const launched = (fates: readonly Fate[]) => fates.filter(({ outcome }) => outcome === "launched");
const missed = (fates: readonly Fate[]) => fates.filter(({ outcome }) => outcome === "missed");
const caughtUp = (fates: readonly Fate[]) => fates.filter(({ kind }) => kind === "catch-up");
const ticks = (fates: readonly Fate[]) => fates.map(({ at }) => isoOf(at));

describe.concurrent("after nobody was there", () => {
  test("each policy launches what it says, oldest first, and each other tick has its reason", async ({
    deploy,
  }) => {
    // A few ticks in the middle of the outage, with nothing behind them; their time must be known at the start.
    const burstS = Math.ceil(Date.now() / 1_000) + 30;
    const burstAt = Array.from({ length: BURST }, (_, i) => (burstS + i) * 1_000);
    const burst = `at: [${burstAt.map(at => `"${isoOf(at)}"`)}], handler: echo`;
    const each = "every: 1s, handler: echo";
    const deployment = await deploy({
      jobs: [
        `each-none: { ${each}, catchUp: none }`,
        `each-latest: { ${each}, catchUp: latest }`,
        `each-all: { ${each}, catchUp: all }`,
        `each-window: { ${each}, catchUp: all, catchUpWindow: 8s }`,
        `each-limit: { ${each}, catchUp: all, catchUpLimit: 2 }`,
        "fast-all: { every: 100ms, handler: echo, catchUp: all }",
        `burst-none: { ${burst}, catchUp: none }`,
        `burst-latest: { ${burst}, catchUp: latest }`,
        `burst-all: { ${burst}, catchUp: all }`,
        `burst-limit: { ${burst}, catchUp: all, catchUpLimit: 2 }`,
        `burst-window: { ${burst}, catchUp: all, catchUpWindow: 1s }`,
      ],
      settings: ["election: { leaseTtl: 2s }"],
    });
    const ledger = deployment.ledger();
    for (let i = 0; i < 2; i++) deployment.start();
    await deployment.when("leader.observed");
    await launches(deployment, "each-all", 1);
    await shutDown(deployment, "SIGKILL");
    const downMs = Date.now();
    expect(downMs, "too slow for this test: the burst has begun").toBeLessThan(burstS * 1_000);
    await sleep(Math.max(OUTAGE_MS, (burstS + BURST) * 1_000 + ON_TIME_MS - downMs));

    const back = [deployment.start(), deployment.start()];
    await Promise.any(back.map(replica => replica.when("leader.elected")));
    await Promise.any(
      back.map(replica =>
        replica.when("tick.launched", line => line["job"] === "each-none" && Number(line["lateMs"]) < 1_000),
      ),
    );
    await shutDown(deployment);
    await ledger.read();

    const accountOf = async (job: string, everyMs: number) =>
      expectAccount(job, everyMs, await historyOf(deployment, job), ledger);
    const none = await accountOf("each-none", 1_000);
    const late = ticks(missed(none));
    const outageMs = Date.parse(late.at(-1) ?? "") - Date.parse(late[0] ?? "");
    expect(outageMs).toBeGreaterThanOrEqual(OUTAGE_MS - ON_TIME_MS - 2_000);
    expect(caughtUp(none)).toEqual([]);
    expect(new Set(missed(none).map(({ reason }) => reason))).toEqual(new Set(["catchUp: none"]));
    expect(new Set(missed(none).map(({ reasonCode }) => reasonCode))).toEqual(new Set(["catch_up_none"]));

    // All of them are planned at one moment, so what one policy gives up is what another one catches up on.
    const all = await accountOf("each-all", 1_000);
    expect(missed(all)).toEqual([]);
    expect(ticks(caughtUp(all))).toEqual(late);

    const latest = await accountOf("each-latest", 1_000);
    expect(ticks(missed(latest))).toEqual(late);
    expect(missed(latest)[0]?.reason).toBe("catchUp: latest, a newer tick was due");

    const limit = await accountOf("each-limit", 1_000);
    expect(ticks(caughtUp(limit))).toEqual(late.slice(-2));
    expect(ticks(missed(limit))).toEqual(late.slice(0, -2));
    for (const { reason } of missed(limit)) expect(reason).toMatch(/catchUpLimit 2\b/);

    const window = await accountOf("each-window", 1_000);
    const within = ticks(caughtUp(window));
    expect(within.length).toBeGreaterThan(0);
    expect(within.length).toBeLessThanOrEqual(4);
    expect([...ticks(missed(window)), ...within]).toEqual(late);
    for (const { reason } of missed(window)) expect(reason).toBe("older than catchUpWindow 8s");

    const fast = await accountOf("fast-all", 100);
    expect(caughtUp(fast)).toHaveLength(100);
    expect(missed(fast).length).toBeGreaterThan(0);
    for (const { reason } of missed(fast)) expect(reason).toMatch(/catchUpLimit 100\b/);
    expect(launched(fast).filter(({ at }) => at <= (missed(fast).at(-1)?.at ?? 0) && at > downMs)).toEqual(
      [],
    );

    const burstOf = async (job: string) => {
      const fates = fatesIn(await historyOf(deployment, job), 1_000);
      expectRuns(job, fates, ledger);
      expect(ticks(fates)).toEqual(burstAt.map(isoOf));
      expect(launched(fates)).toEqual(caughtUp(fates));
      return ticks(launched(fates));
    };
    expect(await burstOf("burst-none")).toEqual([]);
    expect(await burstOf("burst-latest")).toEqual(burstAt.slice(-1).map(isoOf));
    expect(await burstOf("burst-all")).toEqual(burstAt.map(isoOf));
    expect(await burstOf("burst-limit")).toEqual(burstAt.slice(-2).map(isoOf));
    expect(await burstOf("burst-window")).toEqual([]);
  });
});

describe.concurrent("a job with maxRuns", () => {
  test("is over after so many launched ticks, whoever led for them, and stays over after a restart", async ({
    deploy,
  }) => {
    const deployment = await deploy({
      jobs: [
        "some: { every: 1s, handler: echo, maxRuns: 6, catchUp: all }",
        "beat: { every: 1s, handler: echo }",
      ],
      settings: ["election: { leaseTtl: 2s }"],
    });
    const ledger = deployment.ledger();
    for (let i = 0; i < 3; i++) deployment.start();
    await deployment.when("tick.launched", line => line["job"] === "some");
    await (await leaderOf(deployment)).end("SIGKILL");
    await launches(deployment, "some", 1);
    await json(deployment, "trigger", "some");
    await (await leaderOf(deployment)).end("SIGTERM");
    await launches(deployment, "beat", 8);
    await shutDown(deployment);
    deployment.start();
    await launches(deployment, "beat", 3);
    await shutDown(deployment);
    await ledger.read();
    const fates = expectAccount("some", 1_000, await historyOf(deployment, "some"), ledger);
    expect(fates.map(({ outcome }) => outcome)).toEqual(Array(6).fill("launched"));
    expect(new Set(fates.map(({ term }) => term)).size).toBeGreaterThan(1);
    expect(ledger.added.filter(run => run.startsWith("some@manual-"))).toHaveLength(1);
    expect(deployment.lines("job.overdue")).toEqual([]);
  });

  test("counts only what it launches: ticks that another run blocks leave it as many as before", async ({
    deploy,
  }) => {
    const deployment = await deploy({
      jobs: [
        "slow: { every: 500ms, handler: slow, maxRuns: 2, overlap: skip }",
        "beat: { every: 500ms, handler: echo }",
      ],
      handlers: { slow: "await sleep(1_600);" },
    });
    const ledger = deployment.ledger();
    deployment.start();
    const runs = new Set<unknown>();
    while (runs.size < 2) {
      const { run } = await deployment.when(
        "run.completed",
        line => line["job"] === "slow" && !runs.has(line["run"]),
      );
      runs.add(run);
    }
    await launches(deployment, "beat", 3);
    await shutDown(deployment);
    await ledger.read();
    const fates = expectAccount("slow", 500, await historyOf(deployment, "slow"), ledger);
    expect(launched(fates)).toHaveLength(2);
    expect(fates.filter(({ outcome }) => outcome === "skipped").length).toBeGreaterThan(0);
    expect(fates.at(-1)?.outcome).toBe("launched");
  });
});
