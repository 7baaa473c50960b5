import { type ChaosJob, EDITED, JOBS, judgedOf, rulesOf, yamlOf } from "./chaos-jobs.ts";
import type { Flock, Slot } from "./flock.ts";
import type { Window } from "./judge/windows.ts";
import type { Disturbance, JudgedJob } from "./verdict.ts";

interface MadeEdit extends Window {
  readonly job: ChaosJob;
}

/** Replicas look at their configuration once a second, and believe it when two looks agree. */
const SPREAD_MS = 6_000;

/** What the replicas' configuration says, edited while they run and rolled out to them. */
export class ChaosSite {
  readonly #versions = new Map(EDITED.map(({ name }) => [name, 0]));
  readonly #edits: MadeEdit[] = [];
  #generation = 0;
  #isRollingOut = false;

  get generation(): number {
    return this.#generation;
  }

  get yaml(): string {
    return yamlOf(this.#jobs());
  }

  /** Changes one job in every replica's file. Resolves with what was changed, or null when a rollout is under way. */
  async edit(flock: Flock, pick: number): Promise<string | null> {
    if (this.#isRollingOut) return null;
    const fromMs = Date.now();
    const job = this.#turn(pick, 1);
    for (const slot of flock.slots) await this.#configure(flock, slot);
    this.#edits.push({ job, fromMs, untilMs: Date.now() });
    return this.yaml.split("\n").find(line => line.includes(` ${job.name}:`)) ?? "";
  }

  /** A new generation with the next version of one job, or with the one before; replica by replica. */
  rollOut(flock: Flock, direction: 1 | -1, pick: number): { what: string; done: Promise<void> } | null {
    if (this.#isRollingOut) return null;
    this.#isRollingOut = true;
    this.#generation++;
    const fromMs = Date.now();
    const job = this.#turn(pick, direction);
    const roll = async () => {
      for (const slot of flock.slots) {
        await this.#configure(flock, slot);
        await flock.end(slot, "SIGTERM");
        flock.replace(slot);
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
    return this.#jobs(() => 0).map(job => {
      const edits = this.#edits
        .filter(edit => edit.job.name === job.name)
        .sort((a, b) => a.fromMs - b.fromMs)
        .map(edit => ({
          fromMs: edit.fromMs,
          untilMs: spreadUntil(edit.untilMs, [...disturbances, ...this.#edits]),
          rules: rulesOf(edit.job),
        }));
      return { ...judgedOf(job), edits };
    });
  }

  #configure(flock: Flock, slot: Slot): Promise<void> {
    return flock.configure(slot, { generation: this.#generation, jobs: this.yaml });
  }

  #turn(pick: number, by: 1 | -1): ChaosJob {
    const { name, versions } = EDITED[pick % EDITED.length] as (typeof EDITED)[number];
    const version = ((this.#versions.get(name) ?? 0) + by + versions.length) % versions.length;
    this.#versions.set(name, version);
    return { ...(versions[version] as ChaosJob), name };
  }

  #jobs(versionOf = (name: string) => this.#versions.get(name) ?? 0): ChaosJob[] {
    const edited = EDITED.map(({ name, versions }) => ({ ...(versions[versionOf(name)] as ChaosJob), name }));
    return [...JOBS, ...edited];
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
