import { setTimeout as sleep } from "node:timers/promises";
import { QueueEvents, Worker } from "bullmq";
import { describe, expect } from "vitest";
import { test as base } from "../support/fixtures.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import type { TestDeployment, TestDeploymentOptions } from "../support/test-deployment.ts";

const test = base.extend(
  "createDeployment",
  ({ deploy, defer }) =>
    async (options: Partial<TestDeploymentOptions>) => {
      const deployment = await deploy(options);
      defer(() => {
        for (const line of deployment.replicas.flatMap(({ lines }) => lines)) expectContract(line);
      });
      return deployment;
    },
);

/** What every replica says of a term. */
const BEGINNING = ["leader", "term", "previous", "reason", "reasonCode", "cause", "vacantMs", "at"];

/** The table of docs/events.md: what each event's line must say. */
const CONTRACT: Readonly<Record<string, { readonly level: string; readonly fields: readonly string[] }>> = {
  "replica.started": { level: "info", fields: ["replica", "roles", "generation", "tz"] },
  "replica.stopping": { level: "info", fields: ["replica", "roles", "generation"] },
  "replica.stopped": { level: "info", fields: ["replica", "roles", "generation"] },
  "leader.elected": { level: "info", fields: ["replica", "store", ...BEGINNING] },
  "leader.observed": { level: "info", fields: ["replica", ...BEGINNING] },
  "leader.resigned": { level: "info", fields: ["replica", "term", "reason", "reasonCode", "cause", "at"] },
  "leader.lost": { level: "warn", fields: ["replica", "term", "reason", "reasonCode", "cause", "at"] },
  "tick.launched": { level: "debug", fields: ["job", "tick", "term", "lateMs"] },
  "tick.skipped": { level: "info", fields: ["job", "tick", "reason", "reasonCode"] },
  "tick.missed": { level: "warn", fields: ["job", "tick", "reason", "reasonCode"] },
  "run.completed": { level: "info", fields: ["job", "run", "attempt", "durationMs"] },
  "run.failed": { level: "warn or error", fields: ["job", "run", "attempt", "durationMs"] },
  "config.loaded": { level: "info", fields: ["generation", "hash", "zones", "jobs"] },
};

function expectContract(line: LogLine): void {
  expect(line).toMatchObject({
    level: expect.stringMatching(/^(debug|info|warn|error)$/),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    namespace: expect.any(String),
    replica: expect.any(String),
  });
  const contract = CONTRACT[line.event ?? ""];
  if (!contract) return;
  expect(contract.level).toContain(line.level);
  expect(Object.keys(line)).toEqual(expect.arrayContaining([...contract.fields]));
}

const eventsOf = (replica: ReplicaProcess) => replica.lines.map(line => line.event);
const ofRun = (run: unknown) => (line: LogLine) => line["run"] === run;
const EVERY_SECOND = "every: 1s, handler: echo";

describe("leadership in the log", () => {
  test("one leads and says why, the other says whom it follows, and takes over when the first one stops", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({ jobs: [`beat: { ${EVERY_SECOND} }`] });
    const first = deployment.start("--id", "first");
    const elected = await first.when("leader.elected");
    expect(elected).toMatchObject({ term: 1, store: "redis", reason: "vacant", previous: null });
    expect(eventsOf(first).slice(0, 4)).toEqual(
      expect.arrayContaining(["replica.started", "config.loaded", "leader.elected"]),
    );
    expect(first.lines.find(({ event }) => event === "config.loaded")).toMatchObject({
      jobs: 1,
      generation: 0,
    });

    const second = deployment.start("--id", "second");
    const observed = await second.when("leader.observed");
    expect(observed).toMatchObject({ leader: elected.replica, term: 1 });

    expect(await first.end("SIGTERM")).toBe(0);
    const lifecycle = eventsOf(first).filter(event => /^(leader|replica)\./.test(event ?? ""));
    expect(lifecycle.slice(-3).toSorted()).toEqual([
      "leader.resigned",
      "replica.stopped",
      "replica.stopping",
    ]);
    expect(deployment.lines("leader.resigned")).toMatchObject([
      { replica: elected.replica, term: 1, reason: "shutdown" },
    ]);
    expect(await second.when("leader.elected")).toMatchObject({
      term: 2,
      reason: "resigned",
      previous: elected.replica,
      vacantMs: expect.any(Number),
    });

    await second.when("tick.launched", line => line["term"] === 2);
    const third = deployment.start("--id", "third", "--roles", "scheduler");
    expect(await third.when("replica.started")).toMatchObject({ roles: ["scheduler"] });
    expect(await third.when("leader.observed")).toMatchObject({ leader: observed.replica, term: 2 });
    await second.end("SIGKILL");
    expect(await third.when("leader.elected")).toMatchObject({
      term: 3,
      reason: expect.stringMatching(/^(crashed|expired)$/),
      previous: observed.replica,
      vacantMs: expect.any(Number),
    });
    expect(deployment.lines("leader.observed")).toHaveLength(2);
  });

  test("two replicas with the same --id are two", async ({ createDeployment }) => {
    const deployment = await createDeployment({ jobs: [`beat: { ${EVERY_SECOND} }`] });
    const one = await deployment.start("--id", "twin").when("leader.elected");
    const other = await deployment.start("--id", "twin").when("leader.observed");
    expect(other["leader"]).toBe(one.replica);
    expect(other.replica).not.toBe(one.replica);
    for (const { replica } of [one, other]) expect(replica).toMatch(/^twin\b/);
    const { replicas } = JSON.parse((await deployment.command("status", "--json")).stdout);
    expect(replicas.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      [one.replica, other.replica].toSorted(),
    );
    expect(replicas.filter(({ leading }: { leading: boolean }) => leading)).toHaveLength(1);
  });

  test("a replica without the role of a scheduler never leads, one without the role of a worker never runs", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({ jobs: [`beat: { ${EVERY_SECOND} }`] });
    const worker = deployment.start("--roles", "worker");
    await worker.when("redis.connected");
    const scheduler = deployment.start("--roles", "scheduler");
    await worker.when("run.completed");
    await worker.end();
    await scheduler.when("tick.launched", line => Date.parse(String(line["tick"])) > Date.now() - 1_000);
    expect(eventsOf(worker)).not.toContain("leader.elected");
    expect(eventsOf(scheduler)).not.toContain("run.completed");
  });
});

describe("a stop", () => {
  const job = (more = "") => `long: { at: ["2100-01-01T00:00:00Z"], handler: long${more} }`;
  const trigger = async (deployment: TestDeployment) => {
    const { code, stdout } = await deployment.command("trigger", "long", "--json");
    expect(code).toBe(0);
    return JSON.parse(stdout)["run"] as string;
  };

  test("lets a running handler finish", async ({ createDeployment }) => {
    const deployment = await createDeployment({
      jobs: [job()],
      handlers: { long: 'tell(run, "started"); await opened("gate"); return "finished";' },
    });
    const replica = deployment.start();
    await replica.when("leader.elected");
    const run = await trigger(deployment);
    await replica.when("handler.started");
    replica.signal("SIGTERM");
    await replica.when("replica.stopping");
    await replica.when("leader.resigned");
    await deployment.open("gate");
    expect(await replica.ended()).toBe(0);
    expect(deployment.lines("run.completed")).toMatchObject([{ run, attempt: 1 }]);
    expect(await deployment.queue().getJob(run)).toMatchObject({ returnvalue: "finished", attemptsMade: 1 });
    expect(eventsOf(replica).at(-1)).toBe("replica.stopped");
  });

  test.for([
    { handler: "heeds its signal", body: "await aborted(run.signal);" },
    { handler: "ignores its signal", body: "await new Promise(() => undefined);" },
    {
      handler: "leaves a timer behind",
      body: "await new Promise(() => setInterval(() => undefined, 1_000));",
    },
  ])(
    "hands a run that outlasts shutdownTimeout to another replica, when its handler $handler",
    async ({ body }, { createDeployment }) => {
      const deployment = await createDeployment({
        jobs: [job()],
        settings: ["shutdownTimeout: 300ms"],
        handlers: {
          long: `tell(run, "started", { attempt: run.attempt });
        if (existsSync(process.env.DEPLOYMENT_DIR + "/opened-gate")) return "by another";
        ${body}`,
        },
      });
      const first = deployment.start();
      await first.when("leader.elected");
      const run = await trigger(deployment);
      await first.when("handler.started");
      await deployment.open("gate");
      const second = deployment.start();
      await second.when("leader.observed");
      await first.end("SIGTERM");
      expect(await second.when("run.completed", ofRun(run))).toMatchObject({ run, attempt: 1 });
      expect(second.lines.find(({ event }) => event === "handler.started")).toMatchObject({ attempt: 1 });
      expect(await deployment.queue().getJob(run)).toMatchObject({
        returnvalue: "by another",
        attemptsMade: 1,
      });
      expect(deployment.lines("run.failed")).toEqual([]);
      // It was handed over, rather than found when its lock had run out.
      expect(deployment.lines("run.returned", ofRun(run))).toHaveLength(1);
      expect(deployment.lines("run.stalled")).toEqual([]);
    },
  );

  test("ends at once at a second signal", async ({ createDeployment }) => {
    const deployment = await createDeployment({
      jobs: [job()],
      settings: ["shutdownTimeout: 10m"],
      handlers: { long: 'tell(run, "started"); await opened("never");' },
    });
    const replica = deployment.start();
    await replica.when("leader.elected");
    await trigger(deployment);
    await replica.when("handler.started");
    replica.signal("SIGTERM");
    await replica.when("leader.resigned");
    await replica.end("SIGTERM");
    expect(replica.hasEnded).toBe(true);
  });
});

describe("a handler that goes wrong", () => {
  test("is tried again, each failure a warning and the last one an error", async ({ createDeployment }) => {
    const deployment = await createDeployment({
      jobs: [
        "third: { every: 1s, handler: third, retry: { attempts: 3, backoff: fixed, delay: 50ms } }",
        "never: { every: 1s, handler: never, retry: { attempts: 2, backoff: fixed, delay: 50ms } }",
      ],
      handlers: {
        third: 'if (run.attempt < 3) throw new Error("not yet"); return run.attempt;',
        never: 'throw new Error("not ever");',
      },
    });
    const replica = deployment.start();
    const completed = await replica.when("run.completed", line => line["job"] === "third");
    expect(completed).toMatchObject({ attempt: 3 });
    expect(deployment.lines("run.failed", ofRun(completed["run"]))).toMatchObject([
      { level: "warn", attempt: 1, error: "not yet" },
      { level: "warn", attempt: 2, error: "not yet" },
    ]);
    const failed = await replica.when(
      "run.failed",
      line => line["job"] === "never" && line.level === "error",
    );
    expect(deployment.lines("run.failed", ofRun(failed["run"]))).toMatchObject([
      { level: "warn", attempt: 1 },
      { level: "error", attempt: 2, error: "not ever" },
    ]);
    const { stdout } = await deployment.command("history", "never", "--limit", "1000", "--json");
    const row = JSON.parse(stdout).find((line: { run: string }) => line.run === failed["run"]);
    expect(row).toMatchObject({ outcome: "launched", attempts: 2, result: "failed", error: "not ever" });
  });

  test("in a timer or a forgotten promise is told against its run, and the replica lives on", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: ["timer: { every: 1s, handler: timer }", "promise: { every: 1s, handler: promise }"],
      handlers: {
        timer: 'setTimeout(() => { throw new Error("from a timer"); }, 1); await sleep(30);',
        promise: 'void Promise.reject(new Error("from a promise")); await sleep(30);',
      },
    });
    const replica = deployment.start();
    for (const job of ["timer", "promise"]) {
      const stray = await replica.when("run.strayError", line => line["job"] === job);
      expect(stray).toMatchObject({ level: expect.stringMatching(/warn|error/), error: `from a ${job}` });
      expect(stray["run"]).toMatch(new RegExp(`^${job}@\\d{8}T\\d{6}Z$`));
      await replica.when("run.completed", line => line["job"] === job && line["run"] !== stray["run"]);
    }
    expect(replica.hasEnded).toBe(false);
  });

  test("by taking longer than its timeout is aborted, and the attempt fails", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: ["slow: { every: 1s, handler: slow, timeout: 100ms }"],
      handlers: { slow: "await aborted(run.signal);" },
    });
    const failed = await deployment.start().when("run.failed");
    expect(failed).toMatchObject({
      level: "error",
      attempt: 1,
      error: expect.stringMatching(/100 ?ms|timeout|timed out/i),
    });
  });
});

describe("what stands in Redis", () => {
  test("ordinary BullMQ jobs that any Worker and QueueEvents take, under keys of the namespace alone", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: [
        "beat: { every: 1s, handler: echo, queue: mail, data: { format: pdf } }",
        "quick: { every: 250ms, handler: echo, queue: mail }",
      ],
      settings: ["queues: { mail: { concurrency: 1 } }"],
    });
    const prefix = deployment.prefix;
    const taken: { id: string; name: string; data: unknown }[] = [];
    const events = new QueueEvents("mail", { connection: deployment.redis(), prefix });
    await events.waitUntilReady();
    const worker = new Worker(
      "mail",
      async job => {
        taken.push({ id: job.id ?? "", name: job.name, data: job.data });
        return "by another program";
      },
      { connection: deployment.redis(), prefix },
    );
    await worker.waitUntilReady();
    try {
      const ended = Promise.withResolvers<{ jobId: string; returnvalue: string }>();
      events.on("completed", event => event.jobId.startsWith("beat@") && ended.resolve(event));
      const replica = deployment.start("--roles", "scheduler");
      const replicaId = (await replica.when("replica.started")).replica;
      expect(await ended.promise).toMatchObject({ returnvalue: "by another program" });
      await replica.when("tick.launched", line => String(line["tick"]).endsWith(".250Z"));
      await replica.when("tick.launched", line => String(line["tick"]).endsWith(".500Z"));

      const beat = taken.find(({ name }) => name === "beat");
      expect(beat?.id).toMatch(/^beat@\d{8}T\d{6}Z$/);
      expect(beat?.data).toEqual({
        format: "pdf",
        _tick: { at: atOf(beat?.id ?? ""), kind: "scheduled", term: 1 },
      });
      const ids = taken.filter(({ name }) => name === "quick").map(({ id }) => id);
      for (const id of ids) expect(id).toMatch(/^quick@\d{8}T\d{6}(\.(250|500|750))?Z$/);
      expect(new Set(ids).size).toBe(ids.length);

      const keys = (await deployment.redis().keys("*")).filter(key => key.includes(deployment.namespace));
      const own = keys.filter(key => !key.startsWith(`${prefix}:`));
      expect(own.filter(key => !key.startsWith(`${prefix}/`))).toEqual([]);
      for (const name of ["lease", "term", "cursors", "terms"]) expect(own).toContain(`${prefix}/${name}`);
      expect(own).toContain(`${prefix}/replicas/${replicaId}`);
    } finally {
      await worker.close();
      await events.close();
    }
  });
});

function atOf(run: string): string {
  const tick = run.slice(run.indexOf("@") + 1);
  return tick.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
}

describe("after nobody was there", () => {
  test("ticks are launched late, or missed, as each job's catchUp says", async ({ createDeployment }) => {
    // Two ticks pass while all replicas are down, too long ago to be on time (5 s). "every second" runs beside them, to
    // see that all of an outage's ticks come, and none twice.
    const second = (n: number) => new Date((startS + n) * 1_000).toISOString().replace(".000Z", "Z");
    const startS = Math.ceil(Date.now() / 1_000) + 9;
    const at = `at: ["${second(4)}", "${second(5)}"], handler: echo`;
    const deployment = await createDeployment({
      jobs: [
        `all: { ${at}, catchUp: all }`,
        `latest: { ${at} }`,
        `none: { ${at}, catchUp: none }`,
        `window: { ${at}, catchUp: all, catchUpWindow: 1s }`,
        `each: { ${EVERY_SECOND}, catchUp: all }`,
      ],
      settings: ["election: { leaseTtl: 2s }"],
    });
    const ledger = deployment.ledger();
    const first = deployment.start();
    await first.when("tick.launched", line => line["job"] === "each");
    await first.end("SIGKILL");
    await ledger.read();
    const before = [...ledger.added];
    expect(before.filter(run => !run.startsWith("each@"))).toEqual([]);

    await sleep((startS + 11) * 1_000 - Date.now());
    const back = deployment.start();
    const elected = await back.when("leader.elected");
    expect(elected).toMatchObject({ term: 2, reason: expect.stringMatching(/^(crashed|expired)$/) });
    await back.when("tick.launched", line => line["job"] === "each" && Number(line["lateMs"]) < 1_000);
    for (const job of ["none", "window"]) await back.when("tick.missed", line => line["job"] === job);
    await back.end();
    await ledger.read();

    const stamp = (n: number) => second(n).replaceAll(/[-:]/g, "");
    const launched = (job: string) => ledger.added.filter(run => run.startsWith(`${job}@`));
    expect(launched("all")).toEqual([`all@${stamp(4)}`, `all@${stamp(5)}`]);
    expect(launched("latest")).toEqual([`latest@${stamp(5)}`]);
    expect(launched("none")).toEqual([]);
    expect(launched("window")).toEqual([]);
    expect(ledger.repeated).toEqual([]);
    const missed = (job: string) => deployment.lines("tick.missed", line => line["job"] === job);
    expect(missed("all")).toEqual([]);
    expect(missed("latest")).toMatchObject([{ tick: atOf(`latest@${stamp(4)}`) }]);
    for (const job of ["none", "window"]) {
      expect(missed(job)).toMatchObject([
        { tick: atOf(`${job}@${stamp(4)}`), reason: expect.stringMatching(/./) },
        { tick: atOf(`${job}@${stamp(5)}`) },
      ]);
    }
    const seconds = launched("each").map(run => Date.parse(atOf(run)) / 1_000);
    expect(seconds).toEqual(Array.from(seconds, (_, i) => (seconds[0] ?? 0) + i));

    const queue = deployment.queue();
    const kindOf = async (run: string) => (await queue.getJob(run))?.data._tick;
    expect(await kindOf(`all@${stamp(4)}`)).toEqual({
      at: atOf(`all@${stamp(4)}`),
      kind: "catch-up",
      term: 2,
    });
    expect(await kindOf(`latest@${stamp(5)}`)).toMatchObject({ kind: "catch-up", term: 2 });
    expect(await kindOf(before[0] ?? "")).toMatchObject({ kind: "scheduled", term: 1 });
    const history = JSON.parse((await deployment.command("history", "latest", "--json")).stdout);
    expect(history).toMatchObject([
      {
        outcome: "launched",
        kind: "catch-up",
        term: 2,
        run: `latest@${stamp(5)}`,
        lateMs: expect.any(Number),
      },
      { outcome: "missed", term: 2, reason: expect.stringMatching(/./) },
    ]);
  });
});

describe("an edited handler", () => {
  test("runs as it was imported; the log says once which files are others now, also of those that it imports", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: [`beat: { ${EVERY_SECOND} }`, "told: { every: 1s, handler: told }"],
      handlers: { told: 'const { text } = await import("../lib/text.ts"); return text;' },
    });
    const { project } = deployment;
    const write = (text: string) => project.write("lib/text.ts", `export const text: string = "${text}";\n`);
    await write("old");
    const replica = deployment.start();
    await replica.when("run.completed", line => line["job"] === "told");
    // An editor that saves what was there already.
    await write("old");
    await write("new");
    expect(await replica.when("handlers.changed")).toMatchObject({ level: "warn", files: ["lib/text.ts"] });
    await write("newer");
    const ticks = new Set(deployment.lines("run.completed").map(line => line["run"]));
    await replica.when("run.completed", line => line["job"] === "beat" && !ticks.has(line["run"]));
    expect(await replica.end("SIGTERM")).toBe(0);
    expect(deployment.lines("handlers.changed")).toHaveLength(1);
  });
});
