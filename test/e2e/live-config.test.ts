import { mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { test } from "../support/fixtures.ts";
import { Random } from "../support/random.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import type { TestDeployment } from "../support/test-deployment.ts";
import { launches, leaderOf, shutDown, startWith } from "../support/test-deployments.ts";
import { expectAccount, historyOf, json, ticksAdded } from "../support/tick-account.ts";

type Event = "config.loaded" | "config.rejected" | "config.resolved";

const jobsFile = (lines: readonly string[]) => ["jobs:", ...lines.map(line => `  ${line}`)].join("\n");
const writeJobs = (deployment: TestDeployment, lines: readonly string[]) => {
  return deployment.project.write("config/jobs.yaml", jobsFile(lines));
};
const linesOf = (replica: ReplicaProcess, event: Event) => replica.lines.filter(line => line.event === event);
const timeOf = (line: LogLine) => Date.parse(String(line["time"]));

/** The next such line of a replica, from now on. */
async function nextOf(replica: ReplicaProcess, event: Event): Promise<LogLine> {
  const known = new Set(linesOf(replica, event));
  return replica.when(event, line => !known.has(line));
}

/** A change, and what each replica makes of it. */
async function changed(
  deployment: TestDeployment,
  event: Event,
  change: Promise<unknown>,
): Promise<LogLine[]> {
  const living = deployment.replicas.filter(({ hasEnded }) => !hasEnded);
  const told = Promise.all(living.map(replica => nextOf(replica, event)));
  await change;
  return told;
}

/** Long enough for several checks: this many ticks of a job that comes every 200 ms. */
const SEVERAL_LOOKS = 15;
const STEADY = "steady: { every: 200ms, handler: echo, catchUp: all }";

/** Lines in front of a broken file, so that the line of its mistake shows which edit it was. */
const LINES_AN_EDIT = 100;
const BROKEN: readonly ((good: readonly string[], edit: number) => string)[] = [
  (_, edit) => `jobs:\n  edit-${edit}: [`,
  good => jobsFile(good).slice(0, -12),
  () => "allowEmpty: true\njobs: {}",
  good => jobsFile([...good, "wrong: { every: 1s, handler: echo, catchup: all }"]),
  (good, edit) => jobsFile([...good, `wrong: { every: 1s, handler: none-${edit}- }`]),
];

/** The number of the edit that was rejected, or what it was about when the line does not say it. */
function editOf(line: LogLine): number | string {
  const text = String(line["mistakes"]);
  const handler = /none-(\d+)-/.exec(text)?.[1];
  const place = /jobs\.yaml:(\d+):/.exec(text)?.[1];
  if (handler !== undefined) return Number(handler);
  return place === undefined ? text : Math.floor(Number(place) / LINES_AN_EDIT);
}

describe.concurrent("fifty edits under load", () => {
  test("a third of them broken, and a killed leader: no tick is lost or doubled, and the last good edit is in force", async ({
    deploy,
    onTestFailed,
  }) => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    const always = [STEADY, "slow: { every: 1s, handler: slow, catchUp: all }"];
    const deployment = await deploy({
      jobs: always,
      handlers: { slow: 'await sleep(700); return "undisturbed";' },
      settings: ["election: { leaseTtl: 2s }"],
    });
    onTestFailed(() => console.log(`seed ${seed}`));
    const ledger = deployment.ledger();
    for (let i = 0; i < 2; i++) deployment.start();
    await deployment.when("leader.observed");
    await launches(deployment, "steady", 2);

    const good = (edit: number) => [
      ...always,
      `edit-${edit}: { every: 200ms, handler: echo }`,
      `moving: { every: ${random.pick([200, 300, 400])}ms, handler: ${random.pick(["echo", "slow"])} }`,
    ];
    /** These stay until each replica has rejected them: one of each kind. */
    const standing = [4, 13, 22, 31, 43];
    const broken = new Set<number>();
    for (let edit = 1; edit < 50; edit++) {
      if (edit % 3 === 1) {
        broken.add(edit);
        const kind = standing.includes(edit) ? BROKEN[standing.indexOf(edit)] : random.pick(BROKEN);
        const text = `${"\n".repeat(edit * LINES_AN_EDIT)}${kind?.(good(edit), edit)}`;
        const write = deployment.project.write("config/jobs.yaml", text);
        await (standing.includes(edit) ? changed(deployment, "config.rejected", write) : write);
      } else {
        const write = writeJobs(deployment, good(edit));
        await ([9, 20, 35].includes(edit) ? changed(deployment, "config.loaded", write) : write);
      }
      if (edit === 26) {
        // What a replica begins with must be good.
        await deployment.start().when("replica.started");
        await (await leaderOf(deployment)).end("SIGKILL");
      }
      await sleep(random.pick([20, 100, 250, 500]));
    }
    const last = [...always, "last: { every: 200ms, handler: echo }"];
    const loaded = await changed(deployment, "config.loaded", writeJobs(deployment, last));
    await launches(deployment, "last", SEVERAL_LOOKS);
    const status = await json<{ replicas: { hash: string }[]; jobs: { name: string }[] }>(
      deployment,
      "status",
    );
    expect(status.jobs.map(({ name }) => name)).toEqual(["steady", "slow", "last"]);
    const living = deployment.replicas.filter(({ hasEnded }) => !hasEnded);
    await shutDown(deployment);
    await ledger.read();

    expect(living).toHaveLength(2);
    for (const replica of living) {
      expect(linesOf(replica, "config.loaded").at(-1)).toMatchObject({ jobs: 3, hash: loaded[0]?.["hash"] });
    }
    for (const replica of deployment.replicas) {
      const edits = linesOf(replica, "config.rejected").map(editOf);
      const told = edits.filter(edit => typeof edit === "number");
      expect(new Set(told).size).toBe(told.length);
      expect(told.filter(edit => !broken.has(edit))).toEqual([]);
      for (const other of edits.filter(edit => typeof edit === "string"))
        expect(other).toMatch(/no jobs left/);
    }
    const lastLoadedMs = Math.max(...loaded.map(timeOf));
    const stale = deployment.lines("tick.launched", line => {
      return (
        /^(edit-|moving)/.test(String(line["job"])) && Date.parse(String(line["tick"])) > lastLoadedMs + 1_000
      );
    });
    expect(stale).toEqual([]);

    const steady = expectAccount("steady", 200, await historyOf(deployment, "steady"), ledger);
    expect(steady.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    const slow = expectAccount("slow", 1_000, await historyOf(deployment, "slow"), ledger);
    expect(slow.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    const moving = ticksAdded("moving", ledger);
    expect(moving).toEqual([...new Set(moving)].toSorted());
    for (const event of ["run.failed", "run.lost", "leader.failed", "launch.failed"]) {
      expect(deployment.lines(event)).toEqual([]);
    }
    expect(deployment.lines("run.completed", line => line["attempt"] !== 1)).toEqual([]);
  });
});

describe.concurrent("a change of the configuration", () => {
  test("in a mounted ConfigMap, whose files are links that are swapped, is noticed each time", async ({
    deploy,
  }) => {
    const deployment = await deploy({ jobs: [STEADY] });
    const mount = path.join(deployment.project.dir, "mount");
    let version = 0;
    const publish = async (jobs: string) => {
      const old = version === 0 ? null : path.join(mount, `..v${version}`);
      version += 1;
      await deployment.project.write(`mount/..v${version}/jobs.yaml`, jobs);
      await symlink(`..v${version}`, path.join(mount, "..data_tmp"));
      await rename(path.join(mount, "..data_tmp"), path.join(mount, "..data"));
      if (old) await rm(old, { recursive: true });
    };
    await mkdir(mount);
    await publish(jobsFile([STEADY]));
    await symlink("..data/jobs.yaml", path.join(mount, "jobs.yaml"));
    const settings = path.join(deployment.project.configDir, "bellwether.yaml");
    await symlink(settings, path.join(mount, "bellwether.yaml"));
    for (let i = 0; i < 2; i++) startWith(deployment, { configDir: mount });
    await deployment.when("leader.observed");
    for (let more = 1; more <= 3; more++) {
      const jobs = Array.from({ length: more }, (_, i) => `more-${i}: { every: 200ms, handler: echo }`);
      const loaded = await changed(deployment, "config.loaded", publish(jobsFile([STEADY, ...jobs])));
      for (const line of loaded) expect(line).toMatchObject({ jobs: 1 + more, added: [`more-${more - 1}`] });
      await launches(deployment, `more-${more - 1}`, 1);
    }
    const rejected = await changed(deployment, "config.rejected", publish("jobs: ["));
    for (const line of rejected) expect(String(line["mistakes"])).toMatch(/jobs\.yaml:1:/);
    await launches(deployment, "more-2", 1);
    for (const line of await changed(deployment, "config.loaded", publish(jobsFile([STEADY])))) {
      expect(line).toMatchObject({ jobs: 1, removed: ["more-0", "more-1", "more-2"] });
    }
  });

  test("that is refused is told once, and the one before goes on until it is mended", async ({ deploy }) => {
    const deployment = await deploy({ jobs: [STEADY], settings: ["generation: 5"] });
    for (let i = 0; i < 2; i++) deployment.start();
    await deployment.when("leader.observed");
    const settings = await readFile(path.join(deployment.project.configDir, "bellwether.yaml"), "utf8");
    const setGeneration = (generation: number) => {
      const changed = settings.replace("generation: 5", `generation: ${generation}`);
      return deployment.project.write("config/bellwether.yaml", changed);
    };
    const refusals: readonly (readonly [change: () => Promise<void>, says: RegExp])[] = [
      [() => deployment.project.write("config/jobs.yaml", "jobs: ["), /jobs\.yaml:1:/],
      [() => deployment.project.write("config/jobs.yaml", "allowEmpty: true\njobs: {}"), /no jobs left/],
      [() => writeJobs(deployment, [STEADY, "more: { every: 1s, handler: none }"]), /"more".*none/],
      [() => writeJobs(deployment, [STEADY, "more: { evry: 1s, handler: echo }"]), /did you mean every\?/],
      [() => writeJobs(deployment, [STEADY]).then(() => setGeneration(4)), /generation 4 is older than 5/],
    ];
    for (const [change, says] of refusals) {
      const told = deployment.lines("config.rejected").length;
      for (const line of await changed(deployment, "config.rejected", change())) {
        expect(line).toMatchObject({ level: "error" });
        expect(String(line["mistakes"])).toMatch(says);
      }
      if (told === 0) {
        await launches(deployment, "steady", SEVERAL_LOOKS);
        expect(deployment.lines("config.rejected")).toHaveLength(2);
      }
    }
    const replicas = deployment.replicas.map(replica => linesOf(replica, "config.rejected").length);
    expect(replicas).toEqual([refusals.length, refusals.length]);
    // Back to what is in force is no change; on to a newer one is.
    const { generation, hash } = linesOf(
      deployment.replicas[0] as ReplicaProcess,
      "config.loaded",
    )[0] as LogLine;
    for (const line of await changed(deployment, "config.resolved", setGeneration(5))) {
      expect(line).toMatchObject({ level: "info", generation, hash });
    }
    await launches(deployment, "steady", SEVERAL_LOOKS);
    expect(deployment.lines("config.resolved")).toHaveLength(2);
    const loaded = await changed(deployment, "config.loaded", setGeneration(6));
    for (const line of loaded) expect(line).toMatchObject({ generation: 6, jobs: 1 });
    for (const replica of deployment.replicas) expect(linesOf(replica, "config.loaded")).toHaveLength(2);
  });

  test("is read at once on SIGHUP, and what was refused is looked at again", async ({ deploy }) => {
    const deployment = await deploy({ jobs: [STEADY] });
    const replica = deployment.start();
    await replica.when("leader.elected");
    const hangUp = async () => replica.signal("SIGHUP");
    // Nothing has changed, and it is read all the same.
    const [again] = await changed(deployment, "config.loaded", hangUp());
    expect(again).toMatchObject({ jobs: 1, hash: linesOf(replica, "config.loaded")[0]?.["hash"] });
    await changed(
      deployment,
      "config.rejected",
      writeJobs(deployment, [STEADY, "later: { every: 200ms, handler: later }"]),
    );
    // The handler comes after the job, whose text does not change: no replica would check again by itself.
    await deployment.project.write(
      "jobs/later.ts",
      `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "now");\n`,
    );
    const [mended] = await changed(deployment, "config.loaded", hangUp());
    expect(mended).toMatchObject({ jobs: 2 });
    await replica.when("run.completed", line => line["job"] === "later");
    const rejected = await changed(
      deployment,
      "config.rejected",
      deployment.project.write("config/jobs.yaml", "jobs: [").then(hangUp),
    );
    expect(String(rejected[0]?.["mistakes"])).toMatch(/jobs\.yaml:1:/);
    await launches(deployment, "later", 1);
    expect(replica.hasEnded).toBe(false);
  });

  test("while a replica starts that cannot does not keep it from ending", async ({ deploy }) => {
    const deployment = await deploy({
      jobs: [STEADY, "slow: { every: 1h, handler: slow }"],
    });
    await deployment.project.write(
      "jobs/slow.ts",
      `import { existsSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      process.stdout.write('{"event":"handler.importing"}\\n');
      while (!existsSync(process.env.DEPLOYMENT_DIR + "/opened-gate")) await sleep(20);
      throw new Error("no licence");`,
    );
    const replica = deployment.start();
    await replica.when("handler.importing");
    replica.signal("SIGHUP");
    await deployment.open("gate");
    expect(await replica.end("SIGCONT")).toBe(2);
    expect(replica.noise).toEqual([expect.stringMatching(/"slow".*no licence/)]);
    replica.noise.length = 0;
  });

  test("of a schedule loses no tick before it and repeats none after it; new jobs begin, removed ones end", async ({
    deploy,
  }) => {
    const even = 'moved: { cron: "*/2 * * * * *", handler: echo, catchUp: all }';
    const odd = 'moved: { cron: "1-59/2 * * * * *", handler: echo, catchUp: all }';
    const extra = (n: number) => `extra-${n}: { every: 200ms, handler: echo, catchUp: all }`;
    const deployment = await deploy({ jobs: [STEADY, even, extra(0)] });
    const ledger = deployment.ledger();
    const replica = deployment.start();
    await launches(deployment, "moved", 1);
    const changes = [timeOf(linesOf(replica, "config.loaded")[0] as LogLine)];
    for (let n = 1; n <= 3; n++) {
      const [line] = await changed(
        deployment,
        "config.loaded",
        writeJobs(deployment, [STEADY, n % 2 ? odd : even, extra(n)]),
      );
      changes.push(timeOf(line as LogLine));
      await launches(deployment, "moved", 2);
      await launches(deployment, `extra-${n}`, 2);
    }
    await shutDown(deployment);
    await ledger.read();
    const steady = expectAccount("steady", 200, await historyOf(deployment, "steady"), ledger);
    expect(steady.filter(({ outcome }) => outcome !== "launched")).toEqual([]);
    const endMs = steady.at(-1)?.at ?? 0;
    const launched = (job: string) => ticksAdded(job, ledger).map(tick => Date.parse(tick));
    /** A change is reported a moment before or after it leads. */
    const isNear = (at: number, change: number) => Math.abs(at - change) < 400;
    const isClear = (at: number) => !changes.some(change => isNear(at, change));
    const moved = launched("moved");
    expect(moved).toEqual([...new Set(moved)].toSorted((a, b) => a - b));
    const first = moved[0] ?? 0;
    const expected: number[] = [];
    for (let at = first; at <= endMs; at += 1_000) {
      const n = changes.findLastIndex(change => change <= at);
      if ((at / 1_000) % 2 === n % 2) expected.push(at);
    }
    expect(moved.filter(isClear)).toEqual(expected.filter(isClear));
    for (const [n, from] of changes.entries()) {
      const ticks = launched(`extra-${n}`);
      const to = changes[n + 1] ?? endMs + 100;
      const all = Array.from({ length: ticks.length }, (_, i) => (ticks[0] ?? 0) + i * 200);
      expect(ticks).toEqual(all);
      if (n > 0) expect((ticks[0] ?? 0) - from).toBeLessThanOrEqual(1_300);
      if (n > 0) expect((ticks[0] ?? 0) - from).toBeGreaterThan(-1_000);
      expect(to - (ticks.at(-1) ?? 0)).toBeLessThanOrEqual(1_300);
      expect(to - (ticks.at(-1) ?? 0)).toBeGreaterThan(-1_000);
    }
  });

  test("reaches queues and their concurrency, and says what waits for a restart", async ({ deploy }) => {
    const deployment = await deploy({
      jobs: [STEADY, 'held: { at: ["2100-01-01T00:00:00Z"], handler: held, queue: narrow }'],
      handlers: { held: 'tell(run, "started", { n: data.n }); await opened("gate-" + data.n);' },
      settings: ["queues: { default: { concurrency: 10 }, narrow: { concurrency: 1 } }"],
    });
    const replica = deployment.start();
    await replica.when("leader.elected");
    for (let n = 1; n <= 5; n++) await json(deployment, "trigger", "held", "--data", JSON.stringify({ n }));
    const started = (n: number) => replica.when("handler.started", line => line["n"] === n);
    await started(1);
    const lines = [
      `namespace: ${deployment.namespace}`,
      `redis: { url: "redis://127.0.0.1:${deployment.redis().options.port}" }`,
      ...["http: false", "log: { level: debug }", "election: { leaseTtl: 3s }"],
      "queues: { default: { concurrency: 10 }, narrow: { concurrency: 3 }, wide: { concurrency: 5 } }",
    ];
    const [loaded] = await changed(
      deployment,
      "config.loaded",
      deployment.project.write("config/bellwether.yaml", lines.join("\n")),
    );
    expect(loaded).toMatchObject({ needsRestart: ["election"] });
    await deployment.open("gate-1");
    for (const n of [2, 3, 4]) await started(n);
    expect(deployment.lines("handler.started")).toHaveLength(4);
    const wide = "wide: { every: 200ms, handler: echo, queue: wide }";
    const held = 'held: { at: ["2100-01-01T00:00:00Z"], handler: held, queue: narrow }';
    const [more] = await changed(deployment, "config.loaded", writeJobs(deployment, [STEADY, held, wide]));
    expect(more).toMatchObject({ jobs: 3, needsRestart: ["election"] });
    await replica.when("run.completed", line => line["job"] === "wide");
    for (const n of [2, 3, 4, 5]) await deployment.open(`gate-${n}`);
    await started(5);
    expect(deployment.lines("run.failed")).toEqual([]);
  });
});
