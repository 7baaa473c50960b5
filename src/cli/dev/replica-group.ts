import { setTimeout as sleep } from "node:timers/promises";
import {
  formatLogRecord,
  formatPlainLine,
  type LineSource,
  type Paint,
  parseLogLine,
  REPLICA_STYLES,
} from "../log-line.ts";
import { type ProcessEnd, type ReplicaOutcome, ReplicaProcess } from "./replica-process.ts";

export interface ReplicaGroupOptions {
  readonly size: number;
  /** The command line of the replica with this name. */
  readonly command: (name: string) => readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  readonly paint: Paint;
}

/** The replicas of `dev`: starts them, keeps them running, and prints what they log. */
export class ReplicaGroup {
  readonly #options: ReplicaGroupOptions;
  readonly #members: readonly Member[];

  constructor(options: ReplicaGroupOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.size }, (_, index) => this.#createMember(index));
  }

  /** Resolves when every replica has ended for good: after `stop()`, or because one cannot use the configuration. */
  async run(): Promise<ReplicaOutcome> {
    const [first, ...others] = this.#members;
    if (!first) return "stopped";
    // One goes ahead, so that a mistake in the configuration is reported once.
    const firstRun = this.#runMember(first);
    await Promise.race([first.started.promise, firstRun, sleep(HEAD_START_MS, undefined, { ref: false })]);
    const outcomes = await Promise.all([firstRun, ...others.map(member => this.#runMember(member))]);
    return outcomes.includes("misconfigured") ? "misconfigured" : "stopped";
  }

  stop(): void {
    for (const { process } of this.#members) process.stop();
  }

  kill(): void {
    for (const { process } of this.#members) process.kill();
  }

  /** A line of `dev` itself between those of the replicas. */
  notice(text: string): void {
    this.#options.print(formatPlainLine(text, new Date(), DEV, this.#options.paint));
  }

  async #runMember(member: Member): Promise<ReplicaOutcome> {
    const outcome = await member.process.run();
    if (outcome === "misconfigured") {
      this.notice(`${member.source.name} cannot use this configuration; stopping`);
      this.stop();
    }
    return outcome;
  }

  #createMember(index: number): Member {
    const source: LineSource = {
      name: `replica-${index + 1}`,
      style: REPLICA_STYLES[index % REPLICA_STYLES.length] ?? "cyan",
    };
    const started = Promise.withResolvers<void>();
    let pid = -1;
    const process = new ReplicaProcess({
      command: this.#options.command(source.name),
      env: this.#options.env,
      onStart: newPid => {
        pid = newPid;
        this.notice(`${source.name} runs as pid ${pid}`);
      },
      onLine: line => {
        const event = this.#printLine(line, source);
        if (event === "replica.started") started.resolve();
        if (event === "leader.elected") this.notice(`${source.name} leads. To see a handoff: kill -9 ${pid}`);
      },
      onDeath: (end, restartInMs) =>
        this.notice(`${source.name} ${describeEnd(end)}; starts again in ${restartInMs / 1000} s`),
    });
    return { source, process, started };
  }

  /** Returns the event that the line contains, if it contains one. */
  #printLine(line: string, source: LineSource): unknown {
    const { print, paint } = this.#options;
    const record = parseLogLine(line);
    // What ends a process is on stderr as well, which is passed on. One that cannot start logs the mistakes of its
    // configuration without a replica's id.
    const isRejected = record?.["event"] === "config.rejected" && record["replica"] === undefined;
    if (isRejected || record?.["event"] === "replica.failed") return record?.["event"];
    print(record ? formatLogRecord(record, source, paint) : formatPlainLine(line, new Date(), source, paint));
    return record?.["event"];
  }
}

interface Member {
  readonly source: LineSource;
  readonly process: ReplicaProcess;
  /** Resolved by its first `replica.started`. */
  readonly started: PromiseWithResolvers<void>;
}

const HEAD_START_MS = 3_000;
const DEV: LineSource = { name: "dev", style: "bold" };

function describeEnd({ pid, code, signal }: ProcessEnd): string {
  return signal === null ? `(pid ${pid}) exited with ${code}` : `(pid ${pid}) was ended by ${signal}`;
}
