import type { LogLine } from "../../support/replica-process.ts";
import type { HandoffEvidence, Violation } from "./evidence.ts";
import { contains, type Window } from "./windows.ts";

/** What a line says of how its term began. */
const BEGINNING = ["leader", "term", "previous", "reason", "cause", "vacantMs", "at"] as const;
const TOLD = [...BEGINNING, "by", "error"] as const;
/** What only the old leader can know of its end; it is written by itself, so its own last line says the same. */
const OWN_CAUSES = ["shutdown", "stepdown", "generation", "no-progress", "failed", "unreachable", "refused"];
/** `redis.unreachable` names a connection unless it is the main one. */
const LEADER_CONNECTIONS = ["main", "lease", "launch"];
/** A replica measures the store's time as exactly as its round trips allow. */
const CLOCK_MS = 200;
/** By when the connections that leading does not need are back as well. */
const REJOIN_MS = 5_000;

/**
 * Each single replica's log reports every handoff that it saw: who led, who leads, why, and for how long there was no
 * leader. All of them say the same, and sorted by term and phase the lines are in the order of the store's time, unless
 * that was set meanwhile.
 */
export function handoffLines(
  { lines, mayLoseWrites = false, alive = [] }: HandoffEvidence,
  clockSteps: readonly Window[] = [],
): Violation[] {
  const begun = lines.filter(line => isBeginning(line) && line["term"] !== 0);
  const terms = Map.groupBy(begun, line => termKey(line, mayLoseWrites));
  return [
    ...begun.flatMap(line => [...complete(line), ...followsAnother(line)]),
    ...[...terms.values()].flatMap(agree),
    ...(mayLoseWrites ? [] : [...chain(begun), ...ends(lines, begun, clockSteps), ...upToDate(begun, alive)]),
    ...connectedFirst(lines),
  ].map(what => ({ breach: "handoff not told", what }));
}

function isBeginning({ event }: LogLine): boolean {
  return event === "leader.elected" || event === "leader.observed";
}

function termKey(line: LogLine, mayLoseWrites: boolean): string {
  return mayLoseWrites ? `${line["term"]} ${leaderOf(line)} ${line["at"]}` : String(line["term"]);
}

function leaderOf(line: LogLine): unknown {
  return line["leader"] ?? (line.event === "leader.elected" ? line.replica : undefined);
}

function complete(line: LogLine): string[] {
  const missing = BEGINNING.filter(name => line[name] === undefined);
  return missing.length === 0 ? [] : [`${nameOf(line)} has no ${missing.join(", ")}`];
}

function followsAnother(line: LogLine): string[] {
  const isItself = line.event === "leader.observed" && leaderOf(line) === line.replica;
  return isItself ? [`${nameOf(line)}: the replica follows itself`] : [];
}

function agree(lines: readonly LogLine[]): string[] {
  const [first, ...others] = lines;
  if (!first) return [];
  return others.flatMap(line =>
    TOLD.flatMap(name => {
      const [one, other] = name === "leader" ? [leaderOf(first), leaderOf(line)] : [first[name], line[name]];
      if (one === other) return [];
      return [`${nameOf(first)} says ${name} ${one}, ${nameOf(line)} says ${other}`];
    }),
  );
}

/** A term names the leader of the one before. */
function chain(begun: readonly LogLine[]): string[] {
  const leaders = new Map(begun.map(line => [Number(line["term"]), leaderOf(line)]));
  return begun.flatMap(line => {
    const before = leaders.get(Number(line["term"]) - 1);
    if (before === undefined || line["previous"] === before) return [];
    return [`${nameOf(line)} says that ${line["previous"]} led before, and it was ${before}`];
  });
}

/** What a leader said of its end fits what the next term's lines say of it, in words and in time. */
function ends(lines: readonly LogLine[], begun: readonly LogLine[], clockSteps: readonly Window[]): string[] {
  const isUntimed = (line: LogLine) => clockSteps.some(window => contains(window, timeOf(line)));
  const nexts = new Map(begun.map(line => [Number(line["term"]), line]));
  return lines.flatMap(line => {
    const { event } = line;
    if (event !== "leader.resigned" && event !== "leader.lost") return [];
    const missing = ["term", "reason", "cause", "at"].filter(name => line[name] === undefined);
    if (missing.length > 0) return [`${nameOf(line)} has no ${missing.join(", ")}`];
    const next = nexts.get(Number(line["term"]) + 1);
    if (!next) return [];
    const found: string[] = [];
    if (OWN_CAUSES.includes(String(next["cause"])) && next["cause"] !== line["cause"]) {
      found.push(`${nameOf(line)} says ${line["cause"]}, ${nameOf(next)} says ${next["cause"]}`);
    }
    const isLater = timeOf(line) > timeOf(next) + CLOCK_MS;
    if (event === "leader.resigned" && isLater && !isUntimed(line) && !isUntimed(next)) {
      found.push(`${nameOf(line)} is of ${line["at"]}, ${nameOf(next)} of ${next["at"]}`);
    }
    return found;
  });
}

function upToDate(begun: readonly LogLine[], alive: readonly string[]): string[] {
  const newest = Math.max(0, ...begun.map(line => Number(line["term"])));
  return alive.flatMap(replica => {
    const known = begun.filter(line => line.replica === replica).at(-1)?.["term"] ?? "none";
    return known === newest ? [] : [`${replica} tells of term ${known} last, and the newest is ${newest}`];
  });
}

/**
 * A replica that has lost a connection that a leader works with says that it is connected before it says that it leads. It says
 * so when all connections are there, and does not wait for long for those that leading does not need.
 */
function connectedFirst(lines: readonly LogLine[]): string[] {
  const away = new Set<string>();
  return lines.flatMap((line, i) => {
    const isOfLeader = LEADER_CONNECTIONS.includes(String(line["connection"] ?? "main"));
    if (line.event === "redis.unreachable" && isOfLeader) away.add(line.replica);
    if (line.event === "redis.connected") away.delete(line.replica);
    if (line.event !== "leader.elected" || !away.has(line.replica)) return [];
    const isSoon = lines.slice(i).some(other => {
      const laterMs = loggedAt(other) - loggedAt(line);
      return other.event === "redis.connected" && other.replica === line.replica && laterMs <= REJOIN_MS;
    });
    return !isSoon ? [`${nameOf(line)} comes before redis.connected`] : [];
  });
}

/** By the replica's own clock. */
function loggedAt(line: LogLine): number {
  return Date.parse(String(line["time"]));
}

function timeOf(line: LogLine): number {
  return Date.parse(String(line["at"]));
}

function nameOf(line: LogLine): string {
  return `${line.event} of term ${line["term"]} from ${line.replica}`;
}
