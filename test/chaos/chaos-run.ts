import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createProject, type TestProject } from "../support/project.ts";
import { ChaosConfig } from "./chaos-config.ts";
import { HANDLER, JOBS, QUEUE, SWEPT_QUEUE } from "./chaos-jobs.ts";
import type { ChaosReport } from "./chaos-report.ts";
import { FAILOVER_KINDS, type FaultKind, type StoreKind } from "./fault-kinds.ts";
import { drawScript, type Step } from "./fault-script.ts";
import { inject } from "./faults.ts";
import { Handoffs } from "./handoffs.ts";
import {
  awayWindowsOf,
  clockStepsOf,
  disturbancesOf,
  type Hit,
  hitsOf,
  lockExcusesOf,
  lossyWindowsOf,
} from "./harm.ts";
import type { HandoffEvidence } from "./judge/evidence.ts";
import { LaunchRecord } from "./launch-record.ts";
import { OperatorDesk } from "./operator-desk.ts";
import { PAUSED } from "./operator-faults.ts";
import { hasCompiler } from "./redis-clock.ts";
import { findFaketime, type LeaderLine, ReplicaGroup } from "./replica-group.ts";
import { readCalls, readHandled, readLockHolds } from "./run-files.ts";
import { createSecrecy } from "./secrecy.ts";
import type { Servers } from "./servers.ts";
import { StallWatch } from "./stall-watch.ts";
import { startServers } from "./start-servers.ts";
import { storyOf } from "./story.ts";
import { Sweeper } from "./sweeper.ts";
import { Timeline } from "./timeline.ts";
import { untilDone } from "./until-done.ts";
import { type Evidence, judge, readRun } from "./verdict.ts";

export interface ChaosOptions {
  readonly store: StoreKind;
  readonly seed: number;
  readonly durationMs: number;
  /** Only the faults whose names contain this. */
  readonly only?: string;
  /** Instead of the store's own mixture of faults, for as long as it takes: each of these, once. */
  readonly once?: readonly FaultKind[];
  /** TLS with client certificates, and a user with the least rights. */
  readonly secure?: boolean;
  /** The command that runs the same again; printed when something is found. */
  readonly again: string;
  readonly onProgress?: (line: string) => void;
}

const NAMESPACE = "chaos";
const HANDLED_FILE = "handled.jsonl";
const LOCKS_FILE = "locks.jsonl";
const READ_MS = 500;
const PROGRESS_MS = 10_000;
const SECOND_MS = 1_000;
const QUIET_MS = 2_000;
const ONCE_TRIES = 20;
const ONCE_RETRY_MS = 500;
/** Without faults all jobs have ticks again, and one more run ends, within this time: BullMQ finds dead workers in 30 s. */
const RECOVERY_LIMIT_MS = 90_000;

/** One run: draws the faults, carries them out, waits until all is well again, and judges. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const isPossible: Partial<Record<FaultKind, boolean>> = {
    "clock an hour off": findFaketime() !== null,
    "Redis: clock set": hasCompiler(),
  };
  const script = drawScript(options).filter(({ fault }) => isPossible[fault] !== false);
  const secrecy = options.secure ? await createSecrecy() : null;
  const servers = await startServers(options.store, NAMESPACE, secrecy);
  const run = new ChaosRun(options, servers);
  try {
    return await run.run(script);
  } finally {
    await run.dispose();
    await servers.stop();
    await secrecy?.dispose();
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #servers: Servers;
  readonly #timeline = new Timeline();
  readonly #handoffs = new Handoffs();
  readonly #faults = new Map<FaultKind, number>();
  readonly #record: LaunchRecord;
  /** How many are being carried out. */
  #failovers = 0;
  readonly #healing = new Set<Promise<void>>();
  readonly #hits: Hit[] = [];
  readonly #stallWatch = new StallWatch();
  readonly #config = new ChaosConfig();
  readonly #sweeper: Sweeper;
  #desk: OperatorDesk | null = null;
  #project: TestProject | null = null;
  #group: ReplicaGroup | null = null;
  #lastProgressMs = 0;
  #faultsMs = 0;

  constructor(options: ChaosOptions, servers: Servers) {
    this.#options = options;
    this.#servers = servers;
    this.#record = new LaunchRecord({
      primaryPort: () => servers.primaryPort(),
      namespace: NAMESPACE,
      queues: [QUEUE, SWEPT_QUEUE],
      jobs: this.#config.judged([]).map(({ name }) => name),
    });
    this.#sweeper = new Sweeper({
      namespace: NAMESPACE,
      queue: SWEPT_QUEUE,
      record: this.#record,
      jobs: JOBS.flatMap(({ name, queue }) => (queue === SWEPT_QUEUE ? [name] : [])),
    });
  }

  async run(script: readonly Step[]): Promise<ChaosReport> {
    const group = await this.#start();
    group.onLeaderLine(line => this.#handoffs.onLeaderLine(line));
    await this.#until("every job has had a tick", () => this.#haveReached(0));

    // Ticks fall on full seconds; so does the start, and the script's aim is true.
    await sleep(SECOND_MS - (Date.now() % SECOND_MS));
    const startMs = performance.now();
    this.#timeline.note(`start: seed ${this.#options.seed}, ${script.length} faults`);
    for (const step of script) {
      await this.#readUntil(startMs + step.atMs);
      await this.#carryOut(group, step);
    }
    if (!this.#options.once) await this.#readUntil(startMs + this.#options.durationMs);
    await Promise.all(this.#healing);
    this.#faultsMs = performance.now() - startMs;
    await this.#resumeAll(group);
    this.#timeline.note("quiet: no more faults");

    const quietAtMs = Date.now() + QUIET_MS;
    await this.#until("every job has its ticks again", () => this.#haveReached(quietAtMs));
    await this.#untilDrained(quietAtMs);
    const { mayLoseWrites } = this.#servers;
    // A failover may take terms back: the newest number is not the newest term then.
    if (!mayLoseWrites) await this.#until("every replica knows the newest term", () => group.isAgreed());
    const handoffs = { ...group.told(), mayLoseWrites };
    await group.stop();
    await this.#record.read();
    return this.#report(group, quietAtMs, handoffs);
  }

  async dispose(): Promise<void> {
    this.#record.close();
    this.#stallWatch.stop();
    this.#desk?.dispose();
    await this.#group?.dispose();
    await this.#project?.dispose();
  }

  async #start(): Promise<ReplicaGroup> {
    const project = await createProject({ "jobs/record.ts": HANDLER, [HANDLED_FILE]: "", [LOCKS_FILE]: "" });
    this.#project = project;
    this.#group = await ReplicaGroup.start({
      servers: this.#servers,
      timeline: this.#timeline,
      dir: project.dir,
      write: (file, content) => project.write(file, content),
      settings: [
        `namespace: ${NAMESPACE}`,
        `queues: { ${QUEUE}: { concurrency: 50 }, ${SWEPT_QUEUE}: { concurrency: 20 } }`,
        "http: false",
        "shutdownTimeout: 3s",
      ],
      files: this.#config.files,
      record: path.join(project.dir, HANDLED_FILE),
      lockRecord: path.join(project.dir, LOCKS_FILE),
    });
    const group = this.#group;
    this.#desk = new OperatorDesk({
      dir: project.dir,
      note: what => this.#timeline.note(what),
      onAccident: what => group.accidents.push(what),
    });
    return group;
  }

  /** A failover may have taken back that a job was resumed. */
  async #resumeAll(group: ReplicaGroup): Promise<void> {
    const configDir = group.slots[0]?.configDir ?? "";
    for (const job of PAUSED) {
      await this.#until(`${job} is resumed`, async () => {
        return (await this.#desk?.give({ action: "resume", job, configDir })) !== null;
      });
    }
  }

  /**
   * Injects, and heals when the time has come; the script goes on meanwhile. Where each fault is to happen once, it waits for
   * a while until what it is done to is there.
   */
  async #carryOut(group: ReplicaGroup, step: Step): Promise<void> {
    for (let triesLeft = this.#options.once ? ONCE_TRIES : 1; triesLeft > 0; triesLeft--) {
      if (await this.#tryOut(group, step)) return;
      if (triesLeft > 1) await sleep(ONCE_RETRY_MS);
    }
  }

  async #tryOut(group: ReplicaGroup, step: Step): Promise<boolean> {
    const { fault } = step;
    const faults = {
      group,
      desk: this.#desk as OperatorDesk,
      config: this.#config,
      sweeper: this.#sweeper,
      servers: this.#servers,
      admin: () => this.#record.connect(),
      untilDone,
      isFailingOver: () => this.#failovers > 0,
      note: (what: string) => this.#timeline.note(what),
    };
    const isFailover = this.#servers.mayLoseWrites && FAILOVER_KINDS.includes(fault);
    if (isFailover) {
      this.#failovers++;
      await this.#sweeper.settled();
    }
    const fromMs = Date.now();
    const onHealed = this.#handoffs.onFault(fault, this.#timeline.nowMs());
    const injected = await inject(faults, step).catch((error: unknown) => {
      this.#timeline.note(`no fault: ${fault}: ${error}`);
      return null;
    });
    if (!injected) {
      // Nothing happened, so no handoff is its doing.
      onHealed(Number.NEGATIVE_INFINITY);
      if (isFailover) this.#failovers--;
      return false;
    }
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    this.#timeline.note(`fault: ${fault}: ${injected.what}`);
    const healing = this.#heal(step, injected.heal).finally(() => {
      onHealed(this.#timeline.nowMs());
      if (isFailover) this.#failovers--;
      this.#hits.push({ kind: fault, slots: injected.slots ?? [], fromMs, untilMs: Date.now() });
      this.#healing.delete(healing);
    });
    this.#healing.add(healing);
    return true;
  }

  async #heal({ fault, holdMs }: Step, heal: () => Promise<void>): Promise<void> {
    await sleep(holdMs);
    try {
      await heal();
      this.#timeline.note(`over: ${fault}`);
    } catch (error) {
      // Not the replicas' doing, but what comes after it says nothing about them.
      this.#group?.accidents.push(`${fault} could not be ended: ${error}`);
    }
  }

  /** Follows the stream until a moment. A primary that is away is read when it is back. */
  async #readUntil(untilMs: number): Promise<void> {
    while (performance.now() < untilMs) {
      await sleep(Math.min(READ_MS, Math.max(untilMs - performance.now(), 0)));
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    await this.#record.read().catch(() => undefined);
    if (performance.now() - this.#lastProgressMs < PROGRESS_MS) return;
    this.#lastProgressMs = performance.now();
    const added = this.#record.events.filter(({ event }) => event === "added");
    const faults = [...this.#faults.values()].reduce((sum, count) => sum + count, 0);
    this.#options.onProgress?.(
      `${(this.#timeline.nowMs() / SECOND_MS).toFixed(0)} s: ${faults} faults, ${added.length} launched, ` +
        `term ${added.at(-1)?.term ?? "unknown"}, ${this.#group?.leader()?.name ?? "nobody"} leads`,
    );
  }

  async #until(what: string, isReached: () => boolean | Promise<boolean>): Promise<void> {
    const limitMs = performance.now() + RECOVERY_LIMIT_MS;
    while (!(await isReached())) {
      if (performance.now() > limitMs) {
        this.#group?.accidents.push(`not within ${RECOVERY_LIMIT_MS} ms without faults: ${what}`);
        return;
      }
      await sleep(READ_MS);
      await this.#read();
    }
  }

  /** A long backlog takes long: what counts is that it gets shorter. */
  async #untilDrained(quietAtMs: number): Promise<void> {
    let least = Number.POSITIVE_INFINITY;
    let limitMs = performance.now() + RECOVERY_LIMIT_MS;
    for (;;) {
      const open = this.#countOpen(quietAtMs);
      if (open === 0) return;
      if (open < least) {
        least = open;
        limitMs = performance.now() + RECOVERY_LIMIT_MS;
      }
      if (performance.now() > limitMs) {
        this.#group?.accidents.push(
          `${open} runs have not ended, and none did within ${RECOVERY_LIMIT_MS} ms`,
        );
        return;
      }
      await sleep(READ_MS);
      await this.#read();
    }
  }

  /** Whether each job has a record of a tick at or after the instant; one with `maxRuns` may have ended. */
  #haveReached(atMs: number): boolean {
    const jobs = this.#config.judged([]).filter(({ maxRuns }) => maxRuns === undefined);
    const reached = this.#record.historyOf(jobs).map(({ run }) => readRun(run));
    const names = new Set(reached.flatMap(({ job, tickAtMs }) => (tickAtMs >= atMs ? [job] : [])));
    return names.size === jobs.length;
  }

  #countOpen(quietAtMs: number): number {
    const ended = new Set([...this.#runs("completed"), ...this.#runs("failed")]);
    for (const { run } of this.#sweeper.removed([], [])) ended.add(run);
    const added = new Set(this.#runs("added"));
    return [...added].filter(run => !ended.has(run) && readRun(run).tickAtMs <= quietAtMs).length;
  }

  #runs(event: string): string[] {
    return this.#record.events.filter(other => other.event === event).map(({ run }) => run);
  }

  async #report(group: ReplicaGroup, quietAtMs: number, handoffs: HandoffEvidence): Promise<ChaosReport> {
    const { store, seed, again, secure = false } = this.#options;
    const dir = this.#project?.dir ?? "";
    const handled = await readHandled(path.join(dir, HANDLED_FILE));
    const { events, vanished, recordedCommands, terms } = this.#record;
    const disturbances = disturbancesOf([...this.#hits, ...hitsOf(group.ends)], terms);
    const jobs = this.#config.judged(disturbances);
    const history = this.#record.historyOf(jobs);
    const accidents = [...group.accidents];
    const lostAdds = vanished.filter(({ event }) => event === "added");
    const { mayLoseWrites } = this.#servers;
    if (!mayLoseWrites && vanished.length > 0) {
      accidents.push(`Redis lost ${vanished.length} acknowledged entries: this run proves nothing`);
    }
    if (this.#record.gaps > 0) {
      accidents.push(
        "streams were trimmed before they were read: the machine is too slow, and this run proves nothing",
      );
    }
    const isSteppedDown = ({ line }: LeaderLine) =>
      line.event === "leader.resigned" && line["reason"] === "stepdown";
    const evidence: Evidence = {
      jobs,
      events,
      history,
      handled,
      quietAtMs,
      accidents,
      recordedCommands,
      terms,
      disturbances,
      mayLoseWrites,
      handoffs,
      commands: this.#desk?.commands ?? [],
      removed: this.#sweeper.removed(events, history),
      calls: await readCalls(
        path.join(dir, HANDLED_FILE),
        group.ends,
        lossyWindowsOf(this.#hits, mayLoseWrites),
        slot => awayWindowsOf(this.#hits, slot),
      ),
      stalls: this.#stallWatch.stalls,
      steppedDown: group.leaderLines.filter(isSteppedDown).length,
      lockHolds: await readLockHolds(path.join(dir, LOCKS_FILE)),
      clockSteps: clockStepsOf(this.#hits),
      lockExcuses: lockExcusesOf(this.#hits, mayLoseWrites),
    };
    const elected = group.leaderLines.filter(({ line }) => line.event === "leader.elected");
    const vacancies = elected.flatMap(({ line }) =>
      typeof line["vacantMs"] === "number" ? [{ cause: String(line["reason"]), ms: line["vacantMs"] }] : [],
    );
    return {
      store,
      secure,
      seed,
      again,
      evidence,
      durationMs: this.#faultsMs,
      faults: this.#faults,
      verdict: judge(evidence),
      vanished: lostAdds.length,
      elections: elected.length,
      handoffs: this.#handoffs.all,
      vacancies,
      timeline: this.#timeline,
      storyOf: run => storyOf(run, { record: this.#record, handled, timeline: this.#timeline }),
    };
  }
}
