import { execFileSync } from "node:child_process";
import path from "node:path";
import type { FaultyLink } from "../support/faulty-link.ts";
import { type LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { LEASE_TTL_MS } from "./fault-kinds.ts";
import type { Servers } from "./servers.ts";
import type { Timeline } from "./timeline.ts";

/** A place for one replica at a time, with its own links to the servers; the dead are replaced, as by Kubernetes. */
export interface Slot {
  readonly name: string;
  readonly configDir: string;
  /** Its bellwether.yaml but for the generation. */
  readonly settings: readonly string[];
  readonly redisLinks: readonly FaultyLink[];
  readonly etcdLinks: readonly FaultyLink[];
  process: ReplicaProcess;
  isFrozen: boolean;
}

/** What a replica said of leadership, and when this process read it (its own clock may be an hour off). */
export interface LeaderLine {
  readonly atMs: number;
  readonly slot: string;
  readonly line: LogLine;
}

export interface ProcessEnd {
  readonly slot: string;
  readonly signal: "SIGKILL" | "SIGTERM";
  readonly fromMs: number;
  /** When the replacement was started. */
  untilMs: number;
}

export interface ReplicaGroupOptions {
  readonly servers: Servers;
  readonly timeline: Timeline;
  readonly dir: string;
  readonly write: (file: string, content: string) => Promise<void>;
  /** Lines of every replica's bellwether.yaml. */
  readonly settings: readonly string[];
  /** What is in its configuration folder besides. */
  readonly files: Readonly<Record<string, string>>;
  /** The files to which handlers append what they were asked to do, and when they held a lock. */
  readonly record: string;
  readonly lockRecord: string;
}

const REPLICAS = 3;
const HOUR_S = 3_600;
/** Shown in the timeline; everything else in the log is too much. */
const TOLD =
  /^(leader\.|replica\.|redis\.(unreachable|connected)|etcd\.|launch\.failed|clock\.skewed|job\.overdue|tick\.missed|worker\.error|config\.(loaded|rejected)|lock\.lost|run\.(failed|lost|stalled|strayError))/;
const HANDOFF = /^(leader\.(elected|observed|resigned|lost)|redis\.(unreachable|connected))$/;
const HIDDEN = new Set(["event", "level", "time", "msg", "replica", "roles", "stack"]);

export class ReplicaGroup {
  readonly slots: Slot[] = [];
  readonly leaderLines: LeaderLine[] = [];
  /** What each replica said of leadership, and of its connection to Redis. */
  readonly handoffLines: LogLine[] = [];
  /** Whatever no replica should do, whatever happens to it: crash, print, break down. */
  readonly accidents: string[] = [];
  /** Every end of a process that was asked for, as part of whatever fault; the last until its replacement started. */
  readonly ends: ProcessEnd[] = [];
  readonly #options: ReplicaGroupOptions;
  readonly #listeners = new Set<(line: LeaderLine) => void>();
  readonly #asked = new WeakSet<ReplicaProcess>();
  #starts = 0;
  #isEnding = false;

  private constructor(options: ReplicaGroupOptions) {
    this.#options = options;
  }

  static async start(options: ReplicaGroupOptions): Promise<ReplicaGroup> {
    const group = new ReplicaGroup(options);
    for (let i = 0; i < REPLICAS; i++) await group.#join(`r${i}`);
    return group;
  }

  /** The last replica to say that it leads, unless it has said since that it does not, or has died. */
  leader(): Slot | null {
    for (const { slot: name, line } of this.leaderLines.toReversed()) {
      if (line.event !== "leader.elected") continue;
      const slot = this.slots.find(slot => slot.name === name);
      const said = this.leaderLines.filter(({ line: { replica } }) => replica === line.replica).at(-1);
      const leads = said?.line === line && slot?.process.lines.includes(line) && !slot.process.hasEnded;
      return leads && slot ? slot : null;
    }
    return null;
  }

  /** What the replicas have logged of handoffs, and which of them run. */
  told(): { readonly lines: readonly LogLine[]; readonly alive: readonly string[] } {
    const alive = this.slots.flatMap(({ process }) => process.lines[0]?.replica ?? []);
    return { lines: [...this.handoffLines], alive };
  }

  /** Whether every replica has named the newest term last. */
  isAgreed(): boolean {
    const { lines, alive } = this.told();
    const begun = lines.filter(({ event = "" }) => /^leader\.(elected|observed)$/.test(event));
    const newest = begun.map(line => Number(line["term"])).reduce((a, b) => Math.max(a, b), 0);
    return alive.every(id => begun.findLast(({ replica }) => replica === id)?.["term"] === newest);
  }

  /** Hears of every change of leadership. */
  onLeaderLine(listener: (line: LeaderLine) => void): void {
    this.#listeners.add(listener);
  }

  /** Ends the process of a slot, for a reason of ours, and waits for its end. */
  async end(slot: Slot, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#asked.add(slot.process);
    const fromMs = Date.now();
    if (!this.#isEnding) this.ends.push({ slot: slot.name, signal, fromMs, untilMs: fromMs });
    if (slot.isFrozen && signal === "SIGTERM") this.thaw(slot);
    await slot.process.end(signal);
  }

  /** A new replica in the place of the one that ended. Where another fault has replaced it already, that one stays. */
  replace(slot: Slot, clockOffsetS = 0): void {
    if (this.#isEnding || !slot.process.hasEnded) return;
    const end = this.ends.findLast(({ slot: name }) => name === slot.name);
    if (end) end.untilMs = Date.now();
    slot.process = this.#spawn(slot.name, slot.configDir, clockOffsetS);
    slot.isFrozen = false;
  }

  /** Writes the slot's configuration; the replica that runs there takes over what it can. */
  async configure(
    { name, settings }: Pick<Slot, "name" | "settings">,
    { generation, files }: { readonly generation: number; readonly files: Readonly<Record<string, string>> },
  ): Promise<void> {
    const { write } = this.#options;
    await write(`${name}/bellwether.yaml`, [...settings, `generation: ${generation}`].join("\n"));
    for (const [file, content] of Object.entries(files)) await write(`${name}/${file}`, content);
  }

  freeze(slot: Slot): void {
    slot.process.signal("SIGSTOP");
    slot.isFrozen = true;
  }

  thaw(slot: Slot): void {
    slot.process.signal("SIGCONT");
    slot.isFrozen = false;
  }

  /** Stops every replica in order. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.slots.map(slot => this.end(slot, "SIGTERM")));
  }

  async dispose(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.slots.map(slot => this.end(slot, "SIGKILL")));
    const links = this.slots.flatMap(({ redisLinks, etcdLinks }) => [...redisLinks, ...etcdLinks]);
    await Promise.all(links.map(link => link.stop()));
  }

  async #join(name: string): Promise<void> {
    const { servers, settings, files, dir } = this.#options;
    const access = await servers.join();
    const election = `election: { leaseTtl: ${LEASE_TTL_MS}ms, ${access.election} }`;
    const configDir = path.join(dir, name);
    const { redisLinks, etcdLinks } = access;
    const place = { name, configDir, settings: [...settings, ...access.settings, election] };
    await this.configure(place, { generation: 0, files });
    const process = this.#spawn(name, configDir, 0);
    this.slots.push({ ...place, redisLinks, etcdLinks, process, isFrozen: false });
  }

  #spawn(slot: string, configDir: string, clockOffsetS: number): ReplicaProcess {
    const { dir, record, lockRecord, timeline } = this.#options;
    const replica = new ReplicaProcess(
      ["--config", configDir, "--jobs", path.join(dir, "jobs"), "--id", `${slot}.${++this.#starts}`],
      {
        CHAOS_RECORD: record,
        CHAOS_LOCKS: lockRecord,
        ...(clockOffsetS === 0 ? {} : wrongClock(clockOffsetS)),
      },
    );
    const kill = () => replica.signal("SIGKILL");
    process.once("exit", kill);
    replica.subscribe(line => this.#read(slot, line));
    replica.child.once("close", (code, signal) => {
      process.off("exit", kill);
      timeline.note(`${slot}: process ${replica.pid} ended (${signal ?? code})`);
      for (const text of replica.noise) this.accidents.push(`${slot}: ${text}`);
      if (!this.#asked.has(replica)) this.accidents.push(`${slot}: ended by itself (${signal ?? code})`);
    });
    timeline.note(
      `${slot}: process ${replica.pid} started${clockOffsetS ? `, clock ${clockOffsetS} s off` : ""}`,
    );
    return replica;
  }

  #read(slot: string, line: LogLine): void {
    const { event = "" } = line;
    if (event === "leader.failed") this.accidents.push(`${slot}: ${JSON.stringify(line)}`);
    if (!TOLD.test(event)) return;
    const fields = Object.entries(line).filter(([name]) => !HIDDEN.has(name));
    const text = fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
    this.#options.timeline.note(`${slot}: ${event} ${line.replica} ${text}`.trimEnd());
    if (HANDOFF.test(event)) this.handoffLines.push(line);
    if (!/^leader\.(elected|resigned|lost)$/.test(event)) return;
    const told = { atMs: this.#options.timeline.nowMs(), slot, line };
    this.leaderLines.push(told);
    for (const listener of this.#listeners) listener(told);
  }
}

let preload: string | null | undefined;

/** The library that shows a process another wall clock, or null when faketime is not installed. */
export function findFaketime(): string | null {
  if (preload !== undefined) return preload;
  try {
    const env = execFileSync("faketime", ["-f", "+1s", "env"], { encoding: "utf8" });
    preload = /^LD_PRELOAD=(.+)$/m.exec(env)?.[1] ?? null;
  } catch {
    preload = null;
  }
  return preload;
}

/** The wall clock is off; the monotonic one runs as it should. */
function wrongClock(offsetS: number): Record<string, string> {
  const library = findFaketime();
  if (library === null) return {};
  const FAKETIME = `${offsetS < 0 ? "-" : "+"}${Math.abs(offsetS)}s`;
  return { LD_PRELOAD: library, FAKETIME, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

export const WRONG_CLOCKS_S = [HOUR_S, -HOUR_S] as const;
