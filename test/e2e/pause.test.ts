import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Operator } from "../../src/operator/operator.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import type { LaunchLedger } from "../support/launch-ledger.ts";
import { Random } from "../support/random.ts";
import type { TestDeployment } from "../support/test-deployment.ts";
import { launches, leaderOf, shutDown } from "../support/test-deployments.ts";
import {
  expectAccount,
  expectRuns,
  fatesIn,
  historyOf,
  isoOf,
  json,
  ticksAdded,
} from "../support/tick-account.ts";

/** The ticks of a job that BullMQ has added runs for, later than a time and before another. */
async function addedBetween(
  ledger: LaunchLedger,
  job: string,
  fromMs: number,
  toMs: number,
): Promise<string[]> {
  await ledger.read();
  return ticksAdded(job, ledger).filter(tick => Date.parse(tick) > fromMs && Date.parse(tick) < toMs);
}

/** An operator in this process, who is faster than a command. */
async function operatorOf(
  deployment: TestDeployment,
  by: string,
): Promise<{ operator: Operator; jobs: Map<string, Job> }> {
  const loaded = await loadConfig({ configDir: deployment.project.configDir, env: {} });
  if (!loaded.ok) throw new Error("the configuration of the site is not valid");
  return {
    operator: new Operator({ redis: deployment.redis(), keys: redisKeys(deployment.namespace), by }),
    jobs: new Map(loaded.config.jobs.map(job => [job.name, job])),
  };
}

describe.concurrent("a paused job", () => {
  test("stays so over a killed leader and a restart of all replicas; what its policy keeps comes on resume, once", async ({
    deploy,
  }) => {
    // What comes in the pause; the last of these ticks is long past when the jobs are resumed.
    const burstS = Math.ceil(Date.now() / 1_000) + 45;
    const burstAt = [0, 1, 2].map(i => (burstS + i) * 1_000);
    const burst = `at: [${burstAt.map(at => `"${isoOf(at)}"`)}], handler: echo`;
    const bursts = ["none", "latest", "all"].map(
      policy => `burst-${policy}: { ${burst}, catchUp: ${policy} }`,
    );
    const deployment = await deploy({
      jobs: [
        ...bursts,
        "each-none: { every: 500ms, handler: echo, catchUp: none }",
        // The pause may hold more ticks than the 100 that are caught up by default.
        "each-all: { every: 500ms, handler: echo, catchUp: all, catchUpLimit: 1000 }",
        "beat: { every: 500ms, handler: echo }",
      ],
      settings: ["election: { leaseTtl: 2s }"],
    });
    const held = ["burst-none", "burst-latest", "burst-all", "each-none", "each-all"];
    const ledger = deployment.ledger();
    const { operator, jobs } = await operatorOf(deployment, "ann");
    for (let i = 0; i < 2; i++) deployment.start();
    await deployment.when("leader.observed");
    await launches(deployment, "beat", 1);
    await Promise.all(held.map(job => operator.pause(jobs.get(job) as Job)));
    const pausedMs = Date.now();
    expect(pausedMs, "too slow for this test: the burst has begun").toBeLessThan(burstS * 1_000);
    await (await leaderOf(deployment)).end("SIGKILL");
    await launches(deployment, "beat", 2);
    await shutDown(deployment, "SIGKILL");
    for (let i = 0; i < 2; i++) deployment.start();
    await launches(deployment, "beat", 1);
    await sleep(burstS * 1_000 + 8_500 - Date.now());
    await launches(deployment, "beat", 1);
    for (const job of held) expect(await addedBetween(ledger, job, pausedMs, Infinity)).toEqual([]);
    const status = await json<{ jobs: { name: string; paused: boolean }[] }>(deployment, "status");
    expect(status.jobs.filter(({ paused }) => paused).map(({ name }) => name)).toEqual(held);
    expect(deployment.lines("job.overdue")).toEqual([]);

    const resumingMs = Date.now();
    await Promise.all(held.map(job => json(deployment, "resume", job, "--by", "bob")));
    await Promise.all(["each-none", "each-all"].map(job => launches(deployment, job, 2)));
    await shutDown(deployment);
    await ledger.read();

    const burstOf = async (job: string) => {
      const rows = await historyOf(deployment, job);
      const fates = fatesIn(rows, 1_000);
      expectRuns(job, fates, ledger);
      expect(fates.map(({ at }) => at)).toEqual(burstAt);
      expect(rows.filter(({ outcome }) => outcome === "paused")).toMatchObject([{ by: "ann" }]);
      expect(rows.filter(({ outcome }) => outcome === "resumed")).toMatchObject([{ by: "bob" }]);
      return fates.map(({ outcome, reason, kind }) =>
        outcome === "launched" ? kind : `${outcome}: ${reason}`,
      );
    };
    expect(await burstOf("burst-none")).toEqual(Array(3).fill("skipped: paused"));
    expect(await burstOf("burst-latest")).toEqual(["skipped: paused", "skipped: paused", "catch-up"]);
    expect(await burstOf("burst-all")).toEqual(Array(3).fill("catch-up"));

    const none = expectAccount("each-none", 500, await historyOf(deployment, "each-none"), ledger);
    for (const { at, outcome, reason } of none) {
      if (outcome !== "launched") expect(reason).toBe("paused");
      if (at > pausedMs && at < resumingMs - 2_000) expect(outcome).toBe("skipped");
    }
    const all = expectAccount("each-all", 500, await historyOf(deployment, "each-all"), ledger);
    expect(all.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    for (const { at, lateMs, kind } of all.filter(({ at }) => at > pausedMs && at < resumingMs)) {
      expect(at + lateMs).toBeGreaterThanOrEqual(resumingMs);
      if (at < resumingMs - 5_000) expect(kind).toBe("catch-up");
    }
  });

  test("launches no tick that is later than the moment when `pause` has returned, whoever leads by then", async ({
    deploy,
  }) => {
    const policies = ["catchUp: none", "catchUp: latest", "catchUp: all", "overlap: skip", "overlap: queue"];
    const names = policies.map((_, i) => `job-${i}`);
    const deployment = await deploy({
      jobs: [
        ...policies.map((policy, i) => `job-${i}: { every: 100ms, handler: echo, ${policy} }`),
        "beat: { every: 100ms, handler: echo }",
      ],
      settings: ["election: { leaseTtl: 2s }", "queues: { default: { concurrency: 20 } }"],
    });
    const ledger = deployment.ledger();
    const { operator, jobs } = await operatorOf(deployment, "ann");
    for (let i = 0; i < 3; i++) deployment.start();
    await launches(deployment, "beat", 3);
    const handoffs = [
      async () => void (await (await leaderOf(deployment)).end("SIGKILL")),
      async () => void (await json(deployment, "stepdown")),
      async () => void (await (await leaderOf(deployment)).end("SIGTERM")),
    ];
    const breaches: string[] = [];
    for (const handoff of handoffs) {
      deployment.start();
      await launches(deployment, "beat", 5);
      const pausedMs = new Map<string, number>();
      const pause = async (job: string) => {
        await operator.pause(jobs.get(job) as Job);
        pausedMs.set(job, Date.now());
      };
      const handedOver = handoff();
      for (const job of names) await pause(job);
      await handedOver;
      await launches(deployment, "beat", 10);
      const resumingMs = Date.now();
      for (const job of names) {
        const breach = await addedBetween(ledger, job, pausedMs.get(job) ?? 0, resumingMs);
        breaches.push(...breach.map(tick => `${job} ${tick}`));
      }
      await Promise.all(names.map(job => operator.resume(jobs.get(job) as Job)));
      await Promise.all(names.map(job => launches(deployment, job, 1)));
    }
    expect(breaches).toEqual([]);
  });

  test("and ticks that are to be skipped are accounted for through twenty rounds of two operators and handoffs", async ({
    deploy,
  }) => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    const names = ["none", "latest", "all", "skip"];
    const deployment = await deploy({
      jobs: [
        "none: { every: 300ms, handler: echo, catchUp: none }",
        "latest: { every: 300ms, handler: echo, catchUp: latest }",
        "all: { every: 400ms, handler: echo, catchUp: all }",
        "skip: { every: 400ms, handler: echo, overlap: skip, catchUp: all }",
      ],
      settings: ["election: { leaseTtl: 2s }"],
    });
    const everyMs: Readonly<Record<string, number>> = { none: 300, latest: 300, all: 400, skip: 400 };
    const ledger = deployment.ledger();
    for (let i = 0; i < 2; i++) deployment.start();
    await deployment.when("leader.observed");
    await Promise.all(names.map(job => launches(deployment, job, 1)));
    const operators = await Promise.all(["ann", "bob"].map(by => operatorOf(deployment, by)));
    /** By job: when nothing may be launched, from the answer to a pause to the question of the next resume. */
    const pauses = new Map(names.map(job => [job, [] as { from: number; to: number }[]]));
    const asked = new Map(names.map(job => [job, new Set<number>()]));
    const takenBack = new Map(names.map(job => [job, new Set<number>()]));
    const note = (sets: Map<string, Set<number>>, job: string, ticks: readonly number[]) => {
      for (const tick of ticks) sets.get(job)?.add(tick);
    };

    for (let round = 0; round < 20; round++) {
      const job = random.pick(names);
      await Promise.all(
        operators.map(async ({ operator, jobs }) => {
          const about = jobs.get(job) as Job;
          for (let i = 0; i < 2; i++) {
            const skip = await operator.skipNext(about);
            if (skip.outcome === "skipped") note(asked, job, [skip.tickAtMs]);
          }
        }),
      );
      if (random.next() < 0.3) {
        const kept = await operators[0]?.operator.keepNext(operators[0].jobs.get(job) as Job);
        if (kept?.outcome === "kept") note(takenBack, job, kept.ticks);
      }
      const other = random.pick(names);
      const pausing = operators.map(({ operator, jobs }) => operator.pause(jobs.get(other) as Job));
      const outcomes = (await Promise.all(pausing)).map(({ outcome }) => outcome);
      expect(outcomes.toSorted()).toEqual(["already", "paused"]);
      const from = Date.now();
      if (round % 7 === 3) await (await leaderOf(deployment)).end("SIGKILL");
      if (round % 7 === 3) deployment.start();
      if (round % 7 === 5)
        await operators[1]?.operator.stepDown({ term: await operators[1].operator.newestTerm() });
      await Promise.all(names.filter(name => name !== other).map(name => launches(deployment, name, 1)));
      pauses.get(other)?.push({ from, to: Date.now() });
      const resuming = operators.map(({ operator, jobs }) => operator.resume(jobs.get(other) as Job));
      const resumed = (await Promise.all(resuming)).map(({ outcome }) => outcome);
      expect(resumed.toSorted()).toEqual(["not paused", "resumed"]);
      if (random.next() < 0.5) await launches(deployment, other, 1);
    }
    await Promise.all(names.map(job => launches(deployment, job, 1)));
    await shutDown(deployment);
    await ledger.read();

    for (const job of names) {
      const fates = expectAccount(job, everyMs[job] ?? 0, await historyOf(deployment, job), ledger);
      const last = fates.at(-1)?.at ?? 0;
      for (const { from, to } of pauses.get(job) ?? []) {
        const within = fates.filter(({ at }) => at > from && at < to);
        const isEarly = ({ at, lateMs }: { at: number; lateMs: number }) => at + lateMs < to;
        const early = within.filter(fate => fate.outcome === "launched" && isEarly(fate));
        expect(
          early.map(({ at }) => isoOf(at)),
          `seed ${seed}: ${job} launched while paused`,
        ).toEqual([]);
        // What is due just before `resume` may be decided, on time, just after it.
        const isPast = ({ at }: { at: number }) => at < to - 1_000;
        if (job === "none")
          expect(within.filter(fate => isPast(fate) && fate.outcome !== "skipped")).toEqual([]);
      }
      for (const fate of fates) {
        const isAsked = asked.get(job)?.has(fate.at) ?? false;
        const isBack = takenBack.get(job)?.has(fate.at) ?? false;
        if (fate.reason === "skip-next")
          expect({ at: isoOf(fate.at), isAsked }).toMatchObject({ isAsked: true });
        if (!isAsked || isBack || fate.at > last) continue;
        expect(fate, `seed ${seed}: ${job}`).toMatchObject({
          outcome: "skipped",
          reason: expect.stringMatching(/^(skip-next|paused)$/),
        });
      }
    }
  });
});
