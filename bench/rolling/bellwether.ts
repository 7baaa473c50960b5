import { readFile } from "node:fs/promises";
import path from "node:path";
import { PeriodicTask } from "../../src/clock/periodic-task.ts";
import { sleep } from "../../src/clock/sleep.ts";
import { LaunchRecord } from "../../test/chaos/launch-record.ts";
import { writtenAt } from "../../test/chaos/surviving-stream.ts";
import {
  type Handled,
  type JudgedJob,
  judge,
  readRun,
  runsOf,
  type Verdict,
} from "../../test/chaos/verdict.ts";
import { startEtcd } from "../../test/support/etcd-server.ts";
import { createProject, type TestProject } from "../../test/support/project.ts";
import { startRedis } from "../../test/support/redis-server.ts";
import { ReplicaProcess } from "../../test/support/replica-process.ts";
import type { Pod } from "../../test/support/rolling-restart.ts";
import { CONCURRENCY, HANDLER_MS, type Outcome, READ_MS, type RollingOptions } from "./outcome.ts";
import { restartAgainAndAgain } from "./restart.ts";

export interface BellwetherOutcome extends Outcome {
  readonly verdict: Verdict;
  readonly handoffs: readonly RollingHandoff[];
  /** Of the replacements: from the start of the process to `replica.started`. */
  readonly startedMs: readonly number[];
  /** Runs that a replica requeued when it stopped. */
  readonly returned: number;
}

export interface RollingHandoff {
  /** Epoch ms. */
  readonly at: number;
  /** How long there was no leader, as the new leader says. */
  readonly vacantMs: number;
}

const NAMESPACE = "rolling";
const QUEUE = "default";
const HANDLED = "handled.jsonl";
const HANDLED_LIMIT_MS = 30_000;

const HANDLER = `import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineHandler } from "bellwether";

export default defineHandler(async (_, run) => {
  const { id, attempt, term } = run;
  appendFileSync(process.env.BENCH_HANDLED, JSON.stringify({ run: id, attempt, term }) + "\\n");
  await sleep(${HANDLER_MS});
});
`;

/** Restarts replicas again and again, and judges as the chaos suite does: by BullMQ's own event stream. */
export async function measureBellwether(options: RollingOptions): Promise<BellwetherOutcome> {
  const redis = await startRedis();
  const etcd = options.store === "etcd" ? await startEtcd() : null;
  const election = etcd ? [`election: { store: etcd, etcd: { hosts: ["${etcd.url}"] } }`] : [];
  const project = await deploy(options, [`redis: { url: "${redis.url}" }`, ...election]);
  const run = new BellwetherRun(options, project, redis.port);
  try {
    return await run.measure();
  } finally {
    await run.dispose();
    await project.dispose();
    await redis.stop();
    await etcd?.stop();
  }
}

function deploy({ jobs }: RollingOptions, servers: readonly string[]): Promise<TestProject> {
  const schedules = jobs.map(({ name, periodMs }) => `  ${name}: { every: ${periodMs}ms, handler: note }`);
  return createProject({
    "config/bellwether.yaml": [
      ...[`namespace: ${NAMESPACE}`, ...servers, "http: { host: 127.0.0.1, port: 0 }"],
      `queues: { ${QUEUE}: { concurrency: ${CONCURRENCY} } }`,
    ].join("\n"),
    "config/jobs.yaml": ["jobs:", ...schedules].join("\n"),
    "jobs/note.ts": HANDLER,
    [HANDLED]: "",
  });
}

interface Started {
  readonly replica: ReplicaProcess;
  /** Epoch ms. */
  readonly at: number;
}

class BellwetherRun {
  readonly #options: RollingOptions;
  readonly #project: TestProject;
  readonly #jobs: readonly JudgedJob[];
  readonly #record: LaunchRecord;
  readonly #started: Started[] = [];

  constructor(options: RollingOptions, project: TestProject, redisPort: number) {
    this.#options = options;
    this.#project = project;
    this.#jobs = options.jobs.map(job => ({ ...job, overlap: "allow", catchUp: "latest" }));
    this.#record = new LaunchRecord({
      primaryPort: async () => redisPort,
      namespace: NAMESPACE,
      queues: [QUEUE],
      jobs: options.jobs.map(({ name }) => name),
    });
  }

  async measure(): Promise<BellwetherOutcome> {
    const reading = new PeriodicTask({
      clock: { sleep },
      intervalMs: READ_MS,
      act: () => this.#record.read().catch(() => undefined),
    });
    reading.start();
    const { fromAtMs, untilAtMs, pods, stallMs, end } = await restartAgainAndAgain(this.#options, () =>
      this.#start(),
    );
    await this.#untilHandled(fromAtMs, untilAtMs);
    await end();
    await reading.stop();
    await this.#record.read();

    const verdict = await this.#judge(untilAtMs);
    const lateness = this.#lateness().filter(({ tickAtMs }) => tickAtMs >= fromAtMs && tickAtMs <= untilAtMs);
    const count = (breach: string) => verdict.violations.filter(other => other.breach === breach).length;
    const lines = this.#started.flatMap(({ replica }) => replica.lines);
    const handoffs = lines
      .filter(line => line.event === "leader.elected" && typeof line["vacantMs"] === "number")
      .map(line => ({ at: Date.parse(String(line["time"])), vacantMs: Number(line["vacantMs"]) }))
      .filter(({ at }) => at >= fromAtMs && at <= untilAtMs);
    return {
      name: "Bellwether",
      ticks: verdict.ticks,
      lost: count("lost"),
      doubled: count("launched twice"),
      lateness,
      pods,
      stallMs,
      verdict,
      handoffs,
      startedMs: this.#started.slice(this.#options.replicas).map(startTimeOf),
      returned: lines.filter(line => line.event === "run.returned").length,
    };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#started.map(({ replica }) => replica.end("SIGKILL")));
    this.#record.close();
  }

  #start(): Pod {
    const { configDir, dir } = this.#project;
    const env = { BENCH_HANDLED: path.join(dir, HANDLED) };
    const replica = new ReplicaProcess(["--config", configDir], env, dir, [
      process.execPath,
      this.#options.main,
      "run",
    ]);
    this.#started.push({ replica, at: Date.now() });
    return {
      whenReady: () => Promise.race([replica.when("leader.observed"), replica.when("leader.elected")]),
      end: () => replica.end("SIGTERM"),
    };
  }

  /** What is still missing after the limit is the judge's affair. */
  async #untilHandled(fromAtMs: number, untilAtMs: number): Promise<void> {
    const due = this.#jobs.flatMap(job => runsOf(job, fromAtMs, untilAtMs));
    const limitMs = performance.now() + HANDLED_LIMIT_MS;
    const isHandled = () => {
      const completed = new Set(
        this.#record.events.flatMap(({ event, run }) => (event === "completed" ? [run] : [])),
      );
      return due.every(run => completed.has(run));
    };
    while (!isHandled() && performance.now() < limitMs) await sleep(READ_MS);
  }

  async #judge(quietAtMs: number): Promise<Verdict> {
    const { events } = this.#record;
    const history = this.#record.historyOf(this.#jobs);
    const text = await readFile(path.join(this.#project.dir, HANDLED), "utf8");
    const handled = text.split("\n").flatMap(line => (line === "" ? [] : [JSON.parse(line) as Handled]));
    const accidents = this.#started.flatMap(({ replica }) => accidentsOf(replica));
    // How late ticks are is what is measured here; whether that is too late is for the reader.
    const punctualMs = Number.POSITIVE_INFINITY;
    return judge({ jobs: this.#jobs, events, history, handled, quietAtMs, accidents, punctualMs });
  }

  #lateness() {
    return this.#record.events
      .filter(({ event }) => event === "added")
      .map(event => {
        const { tickAtMs } = readRun(event.run);
        return { tickAtMs, lateMs: writtenAt(event) - tickAtMs };
      });
  }
}

function startTimeOf({ replica, at }: Started): number {
  const line = replica.lines.find(line => line.event === "replica.started");
  return Date.parse(String(line?.["time"])) - at;
}

function accidentsOf(replica: ReplicaProcess): string[] {
  const { exitCode, signalCode } = replica.child;
  const end = exitCode === 0 ? [] : [`ended with ${signalCode ?? exitCode}`];
  const failures = replica.lines.filter(line => line.event === "leader.failed");
  return [...end, ...replica.noise, ...failures.map(line => JSON.stringify(line))];
}
