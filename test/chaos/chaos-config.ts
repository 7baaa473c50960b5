import { setTimeout as sleep } from "node:timers/promises";
import { type ChaosJob, JOBS, judgedOf, REMOVED, rulesOf, yamlOf } from "./chaos-jobs.ts";
import { EDITED, type EditedJob } from "./edited-jobs.ts";
import { CALENDAR_FILE } from "./exceptions.ts";
import type { Window } from "./judge/windows.ts";
import type { ReplicaGroup, Slot } from "./replica-group.ts";
import type { Disturbance, JudgedJob } from "./verdict.ts";

interface MadeEdit extends Window {
  readonly job: ChaosJob;
}

/** A job that was taken out of every replica's file, and put back. */
interface MadeRemoval {
  readonly name: string;
  taken: Window;
  back: Window | null;
}

/** Replicas check their configuration once a second, and accept it when two checks agree. */
const SPREAD_MS = 6_000;
const ROLLOUT_CHECK_MS = 50;
const ROLLOUT_LIMIT_MS = 5_000;

/** What the replicas' configuration says, edited while they run and rolled out to them. */
export class ChaosConfig {
  readonly #versions = new Map(EDITED.map(({ name }) => [name, 0]));
  readonly #edits: MadeEdit[] = [];
  readonly #removals: MadeRemoval[] = [];
  #generation = 0;
  #isRollingOut = false;

  get generation(): number {
    return this.#generation;
  }

  get yaml(): string {
    const gone = this.#removals.flatMap(({ name, back }) => (back === null ? [name] : []));
    return yamlOf(this.#jobs().filter(({ name }) => !gone.includes(name)));
  }

  /** What is in the configuration folder of each replica, besides its settings. */
  get files(): Readonly<Record<string, string>> {
    const ics = this.#jobs().flatMap(({ except }) => except?.ics ?? []);
    return { [CALENDAR_FILE]: ics[0] ?? "", "jobs.yaml": this.yaml };
  }

  /**
   * Changes the job, or one of all that are edited, in every replica's files. Resolves with what was changed, or null when a
   * rollout goes on and on.
   */
  async edit(group: ReplicaGroup, pick: number, name?: string): Promise<string | null> {
    if (!(await this.#isAtRest())) return null;
    const fromMs = Date.now();
    const job = this.#turn(pick, 1, name);
    await this.#configureAll(group);
    this.#edits.push({ job, fromMs, untilMs: Date.now() });
    return this.yaml.split("\n").find(line => line.includes(` ${job.name}:`)) ?? "";
  }

  /**
   * Takes a job out of every replica's file. Resolves with what puts it back, or null when a rollout goes on and on, or the
   * job is not there.
   */
  async remove(group: ReplicaGroup, name: string): Promise<(() => Promise<void>) | null> {
    const isGone = () => this.#removals.some(other => other.name === name && other.back === null);
    if (!(await this.#isAtRest()) || isGone()) return null;
    const fromMs = Date.now();
    const removal: MadeRemoval = { name, taken: { fromMs, untilMs: fromMs }, back: null };
    this.#removals.push(removal);
    await this.#configureAll(group);
    removal.taken = { fromMs, untilMs: Date.now() };
    return async () => {
      while (this.#isRollingOut) await sleep(ROLLOUT_CHECK_MS);
      const backMs = Date.now();
      removal.back = { fromMs: backMs, untilMs: backMs };
      await this.#configureAll(group);
      removal.back = { fromMs: backMs, untilMs: Date.now() };
    };
  }

  /** A new generation with the next version of one job, or with the one before; replica by replica. */
  rollOut(
    group: ReplicaGroup,
    direction: 1 | -1,
    pick: number,
  ): { what: string; done: Promise<void> } | null {
    if (this.#isRollingOut) return null;
    this.#isRollingOut = true;
    this.#generation++;
    const fromMs = Date.now();
    const job = this.#turn(pick, direction);
    const roll = async () => {
      for (const slot of group.slots) {
        await this.#configure(group, slot);
        await group.end(slot, "SIGTERM");
        group.replace(slot);
        await slot.process.when("redis.connected").catch(() => undefined);
      }
    };
    const done = roll().finally(() => {
      this.#isRollingOut = false;
      this.#edits.push({ job, fromMs, untilMs: Date.now() });
    });
    return { what: `generation ${this.#generation}, another version of ${job.name}`, done };
  }

  /** The jobs as the judge knows them, with the edits. One that meets a disturbance spreads after it. */
  judged(disturbances: readonly Disturbance[]): JudgedJob[] {
    const delays = [
      ...disturbances,
      ...this.#edits,
      ...this.#removals.flatMap(({ taken, back }) => (back ? [taken, back] : [taken])),
    ];
    return this.#jobs(() => 0).map(job => {
      const edits = this.#edits
        .filter(edit => edit.job.name === job.name)
        .sort((a, b) => a.fromMs - b.fromMs)
        .map(edit => ({
          fromMs: edit.fromMs,
          untilMs: spreadUntil(edit.untilMs, delays),
          rules: rulesOf(edit.job),
        }));
      const absences = this.#removals
        .filter(({ name }) => name === job.name)
        .map(({ taken, back }) => ({
          fromMs: taken.fromMs,
          goneFromMs: spreadUntil(taken.untilMs, delays),
          goneUntilMs: back?.fromMs ?? Number.POSITIVE_INFINITY,
          untilMs: back ? spreadUntil(back.untilMs, delays) : Number.POSITIVE_INFINITY,
        }));
      return { ...judgedOf(job), edits, absences };
    });
  }

  /** Waits for the end of a rollout for a while. */
  async #isAtRest(): Promise<boolean> {
    const limitMs = performance.now() + ROLLOUT_LIMIT_MS;
    while (this.#isRollingOut && performance.now() < limitMs) await sleep(ROLLOUT_CHECK_MS);
    return !this.#isRollingOut;
  }

  async #configureAll(group: ReplicaGroup): Promise<void> {
    for (const slot of group.slots) await this.#configure(group, slot);
  }

  #configure(group: ReplicaGroup, slot: Slot): Promise<void> {
    return group.configure(slot, { generation: this.#generation, files: this.files });
  }

  #turn(pick: number, by: 1 | -1, only?: string): ChaosJob {
    const candidates = only === undefined ? EDITED : EDITED.filter(({ name }) => name === only);
    const { name, versions } = candidates[pick % candidates.length] as EditedJob;
    const version = ((this.#versions.get(name) ?? 0) + by + versions.length) % versions.length;
    this.#versions.set(name, version);
    return { ...(versions[version] as ChaosJob), name };
  }

  #jobs(versionOf = (name: string) => this.#versions.get(name) ?? 0): ChaosJob[] {
    const edited = EDITED.map(({ name, versions }) => ({ ...(versions[versionOf(name)] as ChaosJob), name }));
    return [...JOBS, ...REMOVED, ...edited];
  }
}

/**
 * A leader that is in trouble, or a replica that is away, takes over an edit when it is back; and no replica believes a
 * configuration that goes on changing.
 */
function spreadUntil(fromMs: number, delays: readonly Window[]): number {
  let untilMs = fromMs + SPREAD_MS;
  for (const { fromMs, untilMs: overMs } of delays.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (fromMs <= untilMs && overMs + SPREAD_MS > untilMs) untilMs = overMs + SPREAD_MS;
  }
  return untilMs;
}
