import path from "node:path";
import { describe, expect } from "vitest";
import { FORGET_MS } from "../../src/clock/timing.ts";
import { test as base } from "../support/fixtures.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import type { TestDeployment } from "../support/test-deployment.ts";
import { launches, next, shutDown, startWith } from "../support/test-deployments.ts";
import { expectAccount, expectRuns, type Fate, fatesIn, historyOf, isoOf } from "../support/tick-account.ts";

const BOTH = "both: { every: 500ms, handler: both, catchUp: all }";
const ONLY_X = "only-x: { every: 500ms, handler: only-x, catchUp: all }";
const ONLY_Y = "only-y: { every: 500ms, handler: only-y, catchUp: all }";
/** On even seconds in X, on odd ones in Y: a tick shows whose schedule it is of. */
const MOVED_X = 'moved: { cron: "*/2 * * * * *", handler: both, catchUp: all }';
const MOVED_Y = 'moved: { cron: "1-59/2 * * * * *", handler: both, catchUp: all }';

/** Where a schedule begins that changed: this long before the end of the leader before its own first one. */
const CHANGE_MARGIN_MS = 1_000;
/** For how long a leader must lead without a job before it skips the job's ticks: two checks, far enough apart. */
const REMOVED_FOR_MS = 2 * FORGET_MS;
/** For how long a leader does not yield to a generation that has failed once. */
const FIRST_BACK_OFF_MS = 30_000;

/** A release X of the deployment, and a release Y of the same namespace in a folder beside it, with handlers of its own. */
const test = base.extend("createReleases", ({ deploy }) => async () => {
  const handlers = { both: 'return "x";', "only-x": 'return "x";' };
  const settings = ["election: { leaseTtl: 5s }"];
  const deployment = await deploy({ jobs: [BOTH, ONLY_X, MOVED_X], handlers, settings });
  const { project } = deployment;
  const redis = deployment.redis().options;
  await project.write(
    "y/config/bellwether.yaml",
    [
      `namespace: ${deployment.namespace}`,
      `redis: { url: "redis://${redis.host}:${redis.port}" }`,
      ...["http: false", "log: { level: debug }", ...settings],
    ].join("\n"),
  );
  await project.write(
    "y/config/jobs.yaml",
    ["jobs:", ...[BOTH, ONLY_Y, MOVED_Y].map(line => `  ${line}`)].join("\n"),
  );
  for (const name of ["both", "only-y"]) {
    await project.write(
      `y/jobs/${name}.ts`,
      `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "y");\n`,
    );
  }
  const generations = new Map<string, number>();
  const start = async (release: "x" | "y", generation: number, ...args: string[]) => {
    const replica = startWith(deployment, {
      configDir: release === "x" ? project.configDir : path.join(project.dir, "y/config"),
      env: { BELLWETHER_GENERATION: String(generation) },
      args,
    });
    const started = await replica.when("replica.started");
    expect(started).toMatchObject({ generation });
    generations.set(started.replica, generation);
    return replica;
  };
  return { deployment, start, generations };
});

/** It leads, or knows who does. */
async function ready(replica: ReplicaProcess): Promise<void> {
  await Promise.any([replica.when("leader.elected"), replica.when("leader.observed")]);
}

/** Every run of these jobs that was launched so far has completed. */
async function settled(deployment: TestDeployment, jobs: readonly string[]): Promise<void> {
  const isOurs = (line: LogLine) => jobs.includes(String(line["job"]));
  const wanted = new Set(deployment.lines("tick.launched", isOurs).map(line => line["run"]));
  for (;;) {
    for (const line of deployment.lines("run.completed", isOurs)) wanted.delete(line["run"]);
    if (wanted.size === 0) return;
    await next(deployment, "run.completed", isOurs);
  }
}

/** A release that leads for longer than half a minute, as on a slow machine, skips the ticks of a job that it does not have. */
function launchedOf(
  fates: readonly Fate[],
  reigns: readonly { readonly term: number; readonly at: number }[],
): Fate[] {
  const others = fates.filter(({ outcome }) => outcome !== "launched");
  for (const fate of others) {
    expect(fate).toMatchObject({ outcome: "skipped", reasonCode: "removed" });
    const sinceMs = reigns.find(({ term }) => term === fate.term)?.at ?? Number.POSITIVE_INFINITY;
    expect(Date.parse(fate.tick) + fate.lateMs - sinceMs).toBeGreaterThan(REMOVED_FOR_MS - 1_000);
  }
  return fates.filter(({ outcome }) => outcome === "launched");
}

describe.concurrent("a rolling deploy", () => {
  test("to other jobs and back loses, doubles and invents no tick, and each run finds a replica with its handler", async ({
    createReleases,
  }) => {
    const { deployment, start, generations } = await createReleases();
    const ledger = deployment.ledger();
    const roll = async (
      old: readonly ReplicaProcess[],
      release: "x" | "y",
      generation: number,
      leaving: string,
    ) => {
      const fresh: ReplicaProcess[] = [];
      for (const [i, replica] of old.entries()) {
        const started = await start(release, generation);
        fresh.push(started);
        await ready(started);
        await launches(deployment, "both", 2);
        if (i === old.length - 1) await settled(deployment, [leaving]);
        expect(await replica.end("SIGTERM")).toBe(0);
      }
      return fresh;
    };
    const x = await Promise.all([1, 2, 3].map(() => start("x", 1)));
    await Promise.all(x.map(ready));
    await launches(deployment, "moved", 2);
    const y = await roll(x, "y", 2, "only-x");
    await launches(deployment, "both", 4);
    await roll(y, "x", 3, "only-y");
    await launches(deployment, "moved", 2);
    await settled(deployment, ["both", "only-x", "moved"]);
    await shutDown(deployment);
    await ledger.read();

    const reigns = deployment
      .lines("leader.elected")
      .map(line => ({ term: Number(line["term"]), at: Date.parse(String(line["time"])), line }))
      .toSorted((a, b) => a.term - b.term)
      .map(({ term, at, line }) => {
        return {
          term,
          at,
          vacantMs: Number(line["vacantMs"]),
          generation: generations.get(line.replica) ?? 0,
        };
      });
    const order = reigns.map(({ generation }) => generation);
    expect(order).toEqual(order.toSorted());
    expect(new Set(order)).toEqual(new Set([1, 2, 3]));
    const resignations = deployment.lines("leader.resigned", line => line["reason"] === "generation");
    expect(resignations.map(({ replica }) => generations.get(replica))).toEqual([1, 2]);
    const generationOf = (fate: Fate) => reigns.find(({ term }) => term === fate.term)?.generation ?? 0;
    const firstOf = (generation: number) => reigns.find(reign => reign.generation === generation);
    const beginningOf = (generation: number) => firstOf(generation)?.at ?? 0;
    const changeOf = (generation: number) =>
      beginningOf(generation) - CHANGE_MARGIN_MS - (firstOf(generation)?.vacantMs ?? 0);

    const both = expectAccount("both", 500, await historyOf(deployment, "both"), ledger);
    expect(both.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    // In X only: one that was removed for less than a day goes on where it was.
    const onlyX = launchedOf(
      expectAccount("only-x", 500, await historyOf(deployment, "only-x"), ledger),
      reigns,
    );
    expect(new Set(onlyX.map(generationOf))).toEqual(new Set([1, 3]));

    const rows = await historyOf(deployment, "only-y", path.join(deployment.project.dir, "y/config"));
    const onlyY = launchedOf(expectAccount("only-y", 500, rows, ledger), reigns);
    expect(new Set(onlyY.map(generationOf))).toEqual(new Set([2]));
    expect(onlyY[0]?.at).toBeGreaterThan(changeOf(2));
    expect((onlyY.at(-1)?.at ?? 0) - beginningOf(3)).toBeLessThan(CHANGE_MARGIN_MS);

    const moved = fatesIn(await historyOf(deployment, "moved"), 1_000);
    expectRuns("moved", moved, ledger);
    expect(moved.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    const parityOf = (generation: number) => (generation === 2 ? 1 : 0);
    for (const fate of moved) {
      const generation = generationOf(fate);
      // Before the handoff the schedule of the release before was in force: what it had left due is launched, late.
      const inForce = fate.at < beginningOf(generation) ? [generation - 1, generation] : [generation];
      expect(inForce.map(parityOf), `${isoOf(fate.at)} in generation ${generation}`).toContain(
        (fate.at / 1_000) % 2,
      );
      if (generation > 1) expect(fate.at).toBeGreaterThanOrEqual(changeOf(generation) - 500);
    }
    for (const generation of [1, 2, 3]) {
      const launched = moved.filter(fate => generationOf(fate) === generation).map(({ at }) => at);
      const from = Math.max(beginningOf(generation), moved[0]?.at ?? 0);
      const to = generation === 3 ? (moved.at(-1)?.at ?? 0) : changeOf(generation + 1);
      const expected: number[] = [];
      for (let at = Math.ceil(from / 1_000) * 1_000; at <= to; at += 1_000) {
        if ((at / 1_000) % 2 === parityOf(generation)) expected.push(at);
      }
      expect(expected.length).toBeGreaterThan(0);
      expect(launched).toEqual(expect.arrayContaining(expected));
    }

    const returned = deployment.lines("run.returned", line => line["reason"] === "no handler");
    expect(returned.length).toBeGreaterThan(0);
    for (const { job } of returned) expect(job).toMatch(/^only-/);
    expect(deployment.lines("run.failed")).toEqual([]);
    expect(deployment.lines("run.completed", line => line["attempt"] !== 1)).toEqual([]);
    for (const { job, replica } of deployment.lines("run.completed", line =>
      String(line["job"]).startsWith("only-"),
    )) {
      expect({ job, isY: generations.get(replica) === 2 }).toEqual({ job, isY: job === "only-y" });
    }
    const completed = deployment.lines("run.completed").map(line => line["run"]);
    // What was launched while all of them stopped waits for others.
    const left = (await deployment.queue().getWaiting()).map(({ id }) => id);
    expect([...completed, ...left].toSorted()).toEqual(ledger.added.toSorted());
  });
});

describe.concurrent("a generation", () => {
  test("whose leaders crash deposes the old one once and not at each restart, and no tick is lost", async ({
    createReleases,
  }) => {
    const { deployment, start, generations } = await createReleases();
    const ledger = deployment.ledger();
    const old = await start("x", 1);
    await old.when("leader.elected");
    await launches(deployment, "both", 1);

    const first = await start("y", 2);
    await first.when("leader.elected");
    await first.end("SIGKILL");
    expect(await old.when("leader.elected", line => Number(line["term"]) > 1)).toMatchObject({
      reason: "crashed",
    });
    for (let restart = 0; restart < 2; restart++) {
      const again = await start("y", 2);
      await ready(again);
      await launches(deployment, "both", 2);
      await again.end("SIGKILL");
    }
    // Every other term is the old one's; the machine may be so slow that the new one had another turn.
    const terms = deployment
      .lines("leader.elected")
      .toSorted((one, other) => Number(one["term"]) - Number(other["term"]))
      .map(line => ({ generation: generations.get(line.replica), at: Date.parse(String(line["time"])) }));
    expect(terms.slice(0, 3).map(({ generation }) => generation)).toEqual([1, 2, 1]);
    terms.forEach(({ generation, at }, i) => {
      if (i > 1 && generation === 2)
        expect(at - (terms[i - 1]?.at ?? 0)).toBeGreaterThan(FIRST_BACK_OFF_MS - 500);
    });

    await shutDown(deployment);
    await ledger.read();
    const fates = expectAccount("both", 500, await historyOf(deployment, "both"), ledger);
    expect(fates.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
  });

  test("that has proven itself keeps older ones from leading, also when no replica of it is left, and that is told", async ({
    createReleases,
  }) => {
    const { deployment, start } = await createReleases();
    const ledger = deployment.ledger();
    const old = await start("x", 1);
    await old.when("leader.elected");
    // A replica that cannot lead wishes nothing.
    const worker = await start("y", 9, "--roles", "worker");
    await worker.when("run.completed");
    await launches(deployment, "both", 1);

    const newer = await start("y", 2);
    expect(await old.when("leader.resigned")).toMatchObject({ term: 1, reason: "generation" });
    expect(await newer.when("leader.elected")).toMatchObject({ term: 2, reason: "resigned" });
    const redis = deployment.redis();
    while ((await redis.get(`{${deployment.namespace}}/generation`)) !== "2")
      await launches(deployment, "only-y", 1);
    await newer.end("SIGKILL");
    const late = await start("x", 1);
    for (const replica of [old, late]) {
      const absent = await replica.when("leader.absent");
      expect(absent).toMatchObject({ level: "error", error: expect.stringMatching(/generation 2\b.*\b1\b/) });
    }
    expect(deployment.lines("leader.elected")).toHaveLength(2);
    await ledger.read();
    const before = ledger.added.length;

    const back = await start("x", 2);
    expect(await back.when("leader.elected")).toMatchObject({ term: 3 });
    await old.when("leader.observed", line => line["term"] === 3);
    await back.when("tick.launched", line => line["job"] === "both" && Number(line["lateMs"]) < 1_000);
    await shutDown(deployment);
    await ledger.read();
    expect(ledger.added.length).toBeGreaterThan(before);
    const fates = expectAccount("both", 500, await historyOf(deployment, "both"), ledger);
    expect(fates.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    expect(new Set(deployment.lines("leader.elected").map(line => line["term"])).size).toBe(3);
  });

  test("with other jobs in it than a peer's is a warning on both, and no reason to stop", async ({
    createReleases,
  }) => {
    const { deployment, start } = await createReleases();
    const [x, y] = await Promise.all([start("x", 1), start("y", 1)]);
    const [ofX, ofY] = await Promise.all([x.when("config.differs"), y.when("config.differs")]);
    expect(ofX).toMatchObject({ level: "warn", generation: 1, other: ofY.replica, otherHash: ofY["hash"] });
    expect(ofY).toMatchObject({ level: "warn", generation: 1, other: ofX.replica, otherHash: ofX["hash"] });
    expect(ofX["hash"]).not.toBe(ofY["hash"]);
    await launches(deployment, "both", 2);
    expect(deployment.lines("config.differs")).toHaveLength(2);
  });
});
