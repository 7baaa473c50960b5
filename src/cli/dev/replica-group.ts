import { settlesWithin } from "../../clock/within.ts";
import {
  formatLogRecord,
  formatPlainLine,
  isOnStderr,
  type LineSource,
  type LogRecord,
  type Paint,
  parseLogLine,
  replicaStyle,
} from "../log-line.ts";
import { type ProcessEnd, type ReplicaOutcome, ReplicaProcess } from "./replica-process.ts";

export interface ReplicaGroupOptions {
  readonly size: number;
  /** The command line of the replica with this name. */
  readonly command: (name: string) => readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  readonly paint: Paint;
  /** How a person makes a handoff, for the line that says that the replica with this pid leads. */
  readonly howToHandOff: (pid: number) => string;
}

/** The replicas of `dev`: starts them, keeps them running, and prints what they log. */
export class ReplicaGroup {
  readonly #options: ReplicaGroupOptions;
  readonly #members: readonly Member[];
  #leader: Member | null = null;
  /** The frozen replicas, and what lets each one go on. */
  readonly #frozen = new Map<Member, NodeJS.Timeout>();
  /** Those that are to be restarted, because their handlers have changed. */
  readonly #outdated = new Set<Member>();
  #hasToldDashboard = false;
  /** The mistakes of a change that replicas refused; each of them reports it. */
  #rejected: string | null = null;

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
    await settlesWithin(Promise.race([first.started.promise, firstRun]), HEAD_START_MS);
    const outcomes = await Promise.all([firstRun, ...others.map(member => this.#runMember(member))]);
    return outcomes.includes("misconfigured") ? "misconfigured" : "stopped";
  }

  stop(): void {
    for (const member of this.#members) {
      this.#forgetFreeze(member);
      member.process.stop();
    }
  }

  kill(): void {
    for (const { process } of this.#members) process.kill();
  }

  /** Ends the leader's process as a crash does. */
  killLeader(): void {
    this.#withLeader(leader => {
      leader.process.signal("SIGKILL");
      return "was killed (kill -9): its connections close, and another replica takes over";
    });
  }

  /** Stops the leader's process without an end, until another replica leads. */
  freezeLeader(): void {
    this.#withLeader(leader => {
      leader.process.signal("SIGSTOP");
      this.#thawAfter(leader, FREEZE_LIMIT_MS);
      return "is frozen (kill -STOP): another replica takes over when its lease has expired";
    });
  }

  /** Each replica reports the change itself, within about a second. */
  #reload(member: Member, files: string): void {
    const isUnderWay = this.#outdated.size > 0;
    for (const other of isUnderWay ? [member] : this.#members) this.#outdated.add(other);
    if (isUnderWay) return;
    this.notice(`${files} changed: the replicas restart one after the other, the leader last`);
    void this.#restartOutdated();
  }

  async #restartOutdated(): Promise<void> {
    for (;;) {
      const member = [...this.#outdated].find(other => other !== this.#leader) ?? [...this.#outdated][0];
      if (member === undefined) return;
      member.started = Promise.withResolvers();
      this.#forgetFreeze(member);
      member.process.restart();
      await member.started.promise;
      this.#outdated.delete(member);
    }
  }

  #withLeader(act: (leader: Member) => string): void {
    const leader = this.#leader;
    if (leader === null) this.notice("no replica leads at the moment");
    else this.notice(`${leader.source.name} ${act(leader)}`);
  }

  #thawAfter(member: Member, ms: number): void {
    this.#forgetFreeze(member);
    this.#frozen.set(member, setTimeout(() => this.#thaw(member), ms).unref());
  }

  #forgetFreeze(member: Member): void {
    clearTimeout(this.#frozen.get(member));
    this.#frozen.delete(member);
  }

  #thaw(member: Member): void {
    this.#forgetFreeze(member);
    member.process.signal("SIGCONT");
    this.notice(`${member.source.name} goes on (kill -CONT), and finds that its term has ended`);
  }

  /** Once: every replica serves it. */
  #tellDashboard(url: unknown): void {
    if (this.#hasToldDashboard || typeof url !== "string") return;
    this.#hasToldDashboard = true;
    this.notice(`the dashboard is at ${url}`);
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
      style: replicaStyle(index),
    };
    let pid = -1;
    const member: Member = {
      source,
      process: new ReplicaProcess({
        command: this.#options.command(source.name),
        env: this.#options.env,
        onStart: newPid => {
          pid = newPid;
          this.notice(`${source.name} runs as pid ${pid}`);
        },
        onLine: line => {
          const record = parseLogLine(line);
          const event = record?.["event"];
          if (event === "handlers.changed")
            this.#reload(member, String(record?.["files"]).replaceAll(",", ", "));
          else if (!this.#isTold(record)) this.#printLine(line, record, source);
          if (event === "replica.started") {
            member.started.resolve();
            this.#tellDashboard(record?.["admin"]);
          }
          if (event === "leader.elected") this.#lead(member, pid);
          if (event === "leader.resigned" || event === "leader.lost") this.#leadNoMore(member);
        },
        onDeath: (end, restartInMs) => {
          this.#leadNoMore(member);
          this.#forgetFreeze(member);
          this.notice(`${source.name} ${describeEnd(end)}; starts again in ${restartInMs / 1000} s`);
        },
      }),
      started: Promise.withResolvers(),
    };
    return member;
  }

  #lead(member: Member, pid: number): void {
    this.#leader = member;
    this.notice(`${member.source.name} leads. To see a handoff: ${this.#options.howToHandOff(pid)}`);
    for (const frozen of [...this.#frozen.keys()]) this.#thawAfter(frozen, THAW_MS);
  }

  #leadNoMore(member: Member): void {
    if (this.#leader === member) this.#leader = null;
  }

  /** Whether stderr says it as well, or another replica has said it. */
  #isTold(record: LogRecord | null): boolean {
    if (record === null) return false;
    if (isOnStderr(record)) return true;
    const { event, mistakes } = record;
    if (event === "config.loaded" || event === "config.resolved") this.#rejected = null;
    if (event !== "config.rejected") return false;
    const rejected = JSON.stringify(mistakes);
    if (rejected === this.#rejected) return true;
    this.#rejected = rejected;
    return false;
  }

  #printLine(line: string, record: LogRecord | null, source: LineSource): void {
    const { print, paint } = this.#options;
    print(record ? formatLogRecord(record, source, paint) : formatPlainLine(line, new Date(), source, paint));
    if (record?.["event"] === "config.rejected")
      this.notice(
        `${source.name} goes on with the configuration from before; others that say the same are not shown`,
      );
  }
}

interface Member {
  readonly source: LineSource;
  readonly process: ReplicaProcess;
  /** Resolved by the next `replica.started`. */
  started: PromiseWithResolvers<void>;
}

const HEAD_START_MS = 3_000;
/** After the election, so that its lines are read before those of the old leader. */
const THAW_MS = 1_000;
/** When there is no other replica that could lead. */
const FREEZE_LIMIT_MS = 30_000;
const DEV: LineSource = { name: "dev", style: "bold" };

function describeEnd({ pid, code, signal }: ProcessEnd): string {
  return signal === null ? `(pid ${pid}) exited with ${code}` : `(pid ${pid}) was ended by ${signal}`;
}
