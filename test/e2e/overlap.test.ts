import { describe, expect } from "vitest";
import { test } from "../support/fixtures.ts";
import type { LogLine } from "../support/replica-process.ts";
import type { TestDeployment } from "../support/test-deployment.ts";
import { next, shutDown } from "../support/test-deployments.ts";
import { expectAccount, type Fate, historyOf, isoOf } from "../support/tick-account.ts";

/** Says when it starts and ends: what the overlap of runs is judged by. */
const SLOW =
  'tell(run, "started", { run: run.id }); await sleep(1_300); tell(run, "ended", { run: run.id });';

/** From the end of a run to the start of the next one: the leader's look, the launch, the worker; on a busy machine. */
const COMMIT_MS = 700;

const ofJob = (job: string) => (line: LogLine) => line["job"] === job;
const skipped = (fates: readonly Fate[]) => fates.filter(({ outcome }) => outcome === "skipped");
const launched = (fates: readonly Fate[]) => fates.filter(({ outcome }) => outcome === "launched");
const timeOf = (line: LogLine | undefined) => Date.parse(String(line?.["time"]));

/** When the handler of each run of a job was at work, in epoch ms, oldest first. */
function spansOf(deployment: TestDeployment, job: string) {
  const started = deployment.lines("handler.started", line => String(line["run"]).startsWith(`${job}@`));
  return started
    .map(line => {
      const ended = deployment.lines("handler.ended", other => other["run"] === line["run"])[0];
      return { run: String(line["run"]), from: timeOf(line), to: timeOf(ended) };
    })
    .toSorted((a, b) => a.from - b.from);
}

/** The most runs of a job that were at work at one time. */
function mostAtOnce(deployment: TestDeployment, job: string): number {
  const spans = spansOf(deployment, job);
  return Math.max(
    ...spans.map(({ from }) => spans.filter(other => other.from <= from && from < other.to).length),
  );
}

describe.concurrent("a handler that is slower than its schedule", () => {
  test("runs beside itself, is skipped, or waits, as each job's overlap says; each skipped tick names why", async ({
    deploy,
  }) => {
    const deployment = await deploy({
      jobs: [
        "beside: { every: 500ms, handler: slow, overlap: allow }",
        "skips: { every: 500ms, handler: slow, overlap: skip }",
        "waits: { every: 500ms, handler: slow, overlap: queue }",
      ],
      handlers: { slow: SLOW },
    });
    const ledger = deployment.ledger();
    for (let i = 0; i < 2; i++) deployment.start();
    for (const job of ["skips", "waits"]) {
      for (let i = 0; i < 4; i++) await next(deployment, "run.completed", ofJob(job));
    }
    await shutDown(deployment);
    await ledger.read();
    const accountOf = async (job: string) =>
      expectAccount(job, 500, await historyOf(deployment, job), ledger);

    const beside = await accountOf("beside");
    expect(launched(beside)).toHaveLength(beside.length);
    expect(mostAtOnce(deployment, "beside")).toBeGreaterThan(1);

    const skips = await accountOf("skips");
    expect(mostAtOnce(deployment, "skips")).toBe(1);
    expect(skipped(skips).length).toBeGreaterThan(launched(skips).length);
    let blocking = "";
    for (const fate of skips) {
      if (fate.outcome === "launched") blocking = fate.run ?? "";
      else expect(fate).toMatchObject({ reason: "overlap", blockedBy: blocking });
    }
    const lines = deployment.lines("tick.skipped", ofJob("skips")).map(({ tick, run }) => ({ tick, run }));
    expect(lines.toSorted((a, b) => String(a.tick).localeCompare(String(b.tick)))).toEqual(
      skipped(skips).map(({ at, blockedBy }) => ({ tick: isoOf(at), run: blockedBy })),
    );

    const waits = await accountOf("waits");
    expect(mostAtOnce(deployment, "waits")).toBe(1);
    const spans = spansOf(deployment, "waits");
    // What was launched while the replicas stopped waits for others.
    const left = (await deployment.queue().getWaiting())
      .filter(({ name }) => name === "waits")
      .map(({ id }) => id);
    expect([...spans.map(({ run }) => run), ...left]).toEqual(launched(waits).map(({ run }) => run));
    expect(skipped(waits).length).toBeGreaterThan(0);
    let before = "";
    for (const fate of waits) {
      if (fate.outcome === "launched") before = fate.run ?? "";
      else expect(fate).toMatchObject({ reason: "replaced by a newer tick", blockedBy: before });
    }
    // The tick that waited is the newest of those that were due while the run before it was at work.
    for (const [i, { run, from }] of spans.entries()) {
      const due = waits.filter(({ at }) => at < from - COMMIT_MS);
      const ran = waits.find(fate => fate.run === run);
      if (i > 0) expect(ran?.at).toBeGreaterThanOrEqual(due.at(-1)?.at ?? 0);
    }
  });
});

describe.concurrent("a replica that is killed in the middle of a run", () => {
  test("blocks its job until BullMQ finds the run, and each tick until then names it; then all goes on", async ({
    deploy,
  }) => {
    const body = `tell(run, "started", { run: run.id });
      if (!existsSync(process.env.DEPLOYMENT_DIR + "/opened-gate")) await opened("gate");`;
    const deployment = await deploy({
      jobs: [
        "skips: { every: 1s, handler: held, overlap: skip }",
        "waits: { every: 1s, handler: held, overlap: queue }",
        "beat: { every: 1s, handler: echo }",
      ],
      handlers: { held: body },
    });
    const ledger = deployment.ledger();
    const scheduler = deployment.start("--roles", "scheduler");
    await scheduler.when("leader.elected");
    const victim = deployment.start("--roles", "worker");
    const jobs = ["skips", "waits"];
    const heldRunOf = async (job: string) => {
      const line = await victim.when("handler.started", ({ run }) => String(run).startsWith(`${job}@`));
      return String(line["run"]);
    };
    const held = new Map<string, string>();
    for (const job of jobs) held.set(job, await heldRunOf(job));
    const heldMs = Date.now();
    await victim.end("SIGKILL");
    await deployment.open("gate");
    const healer = deployment.start("--roles", "worker");
    const healed = (job: string) => healer.when("run.completed", ({ run }) => run === held.get(job));
    await Promise.all(jobs.map(healed));
    // Runs of later ticks come to their end again.
    const goesOn = (job: string) => {
      return healer.when("run.completed", line => line["job"] === job && line["run"] !== held.get(job));
    };
    await Promise.all(jobs.map(goesOn));
    for (let i = 0; i < 2; i++) await next(deployment, "run.completed", ofJob("skips"));
    await shutDown(deployment);
    await ledger.read();

    const skips = expectAccount("skips", 1_000, await historyOf(deployment, "skips"), ledger);
    const first = skips.findIndex(({ run }) => run === held.get("skips"));
    const blocked = skips.slice(
      first + 1,
      skips.findIndex(({ outcome }, i) => i > first && outcome === "launched"),
    );
    expect(blocked.length).toBeGreaterThan(5);
    for (const fate of blocked)
      expect(fate).toMatchObject({ outcome: "skipped", blockedBy: held.get("skips") });
    expect(launched(skips).length).toBeGreaterThanOrEqual(3);

    const waits = expectAccount("waits", 1_000, await historyOf(deployment, "waits"), ledger);
    const replaced = skipped(waits).filter(({ at }) => at > heldMs);
    expect(replaced.length).toBeGreaterThan(5);
    const about = { reason: "replaced by a newer tick", blockedBy: held.get("waits") };
    expect(replaced.slice(0, 5)).toMatchObject(Array(5).fill(about));

    const beat = expectAccount("beat", 1_000, await historyOf(deployment, "beat"), ledger);
    expect(launched(beat)).toHaveLength(beat.length);
    for (const run of held.values()) {
      const ends = deployment.lines("run.completed", line => line["run"] === run);
      expect(ends).toMatchObject([{ attempt: 1 }]);
    }
  });
});
