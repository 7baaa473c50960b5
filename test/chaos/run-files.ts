import { readFile } from "node:fs/promises";
import { contains, type Window } from "./judge/windows.ts";
import type { ProcessEnd } from "./replica-group.ts";
import type { Call, Handled, LockHold } from "./verdict.ts";

export interface HandledLine extends Handled {
  readonly replica: string;
  /** By the replica's own clock, which may be an hour off. */
  readonly at: number;
  /** By the machine's clock. */
  readonly fromMs: number;
}

interface SucceededLine extends Pick<HandledLine, "run" | "attempt" | "replica"> {
  readonly succeededMs: number;
}

/** What handlers wrote down when they were called. */
export async function readHandled(file: string): Promise<HandledLine[]> {
  const lines = await readLines<HandledLine | SucceededLine>(file);
  return lines.flatMap(line => ("succeededMs" in line ? [] : [line]));
}

/** The claim of a handler whose process has died holds for this long. */
const CLAIM_MS = 20_000;

/**
 * How long handlers were at work, in epoch ms. Of one without an end the process died, at an end of its slot. Where Redis lost
 * writes (`lossy`), the end of the claim may be among them. A replica that was kept from Redis (`awayOf`) reports it later.
 */
export async function readCalls(
  file: string,
  ends: readonly ProcessEnd[],
  lossy: readonly Window[],
  awayOf: (slot: string) => readonly Window[],
): Promise<Call[]> {
  const offsetMs = machineOffsetMs();
  const lines = await readLines<HandledLine | SucceededLine>(file);
  const keyOf = ({ run, attempt, replica }: HandledLine | SucceededLine) => `${run} ${attempt} ${replica}`;
  const succeeded = new Map(
    lines.flatMap(line => ("succeededMs" in line ? [[keyOf(line), line.succeededMs + offsetMs]] : [])),
  );
  return lines.flatMap((line): Call[] => {
    if ("succeededMs" in line) return [];
    const { run, replica } = line;
    const fromMs = line.fromMs + offsetMs;
    const succeededMs = succeeded.get(keyOf(line));
    if (succeededMs !== undefined) {
      const isLost = lossy.some(window => contains(window, succeededMs));
      const away = awayOf(slotOf(replica)).filter(window => contains(window, succeededMs));
      const toldMs = isLost
        ? Number.POSITIVE_INFINITY
        : Math.max(succeededMs, ...away.map(({ untilMs }) => untilMs));
      return [{ run, fromMs, untilMs: Math.min(toldMs, succeededMs + CLAIM_MS), succeededMs }];
    }
    const end = ends.find(({ slot, fromMs: endedMs }) => slotOf(replica) === slot && endedMs >= fromMs);
    return [{ run, fromMs, untilMs: (end?.fromMs ?? fromMs) + CLAIM_MS }];
  });
}

function slotOf(replica: string): string {
  return replica.slice(0, replica.indexOf("."));
}

/** From the machine's clock to epoch ms. */
function machineOffsetMs(): number {
  return Date.now() - Number(process.hrtime.bigint()) / 1e6;
}

interface LockLine {
  readonly fence: number;
  readonly replica: string;
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** When handlers held the lock, in epoch ms. Of one that died with it only the beginning is known. */
export async function readLockHolds(file: string): Promise<LockHold[]> {
  const offsetMs = machineOffsetMs();
  const ends = new Map<string, number>();
  const lines = await readLines<LockLine>(file);
  const keyOf = ({ fence, replica }: LockLine) => `${fence} ${replica}`;
  for (const line of lines) if (line.untilMs !== undefined) ends.set(keyOf(line), line.untilMs);
  return lines.flatMap(line => {
    const { fence, replica: holder, fromMs } = line;
    if (fromMs === undefined) return [];
    const untilMs = ends.get(keyOf(line)) ?? fromMs;
    return [{ fence, holder, fromMs: fromMs + offsetMs, untilMs: untilMs + offsetMs }];
  });
}

async function readLines<T>(file: string): Promise<T[]> {
  const text = await readFile(file, "utf8");
  return text.split("\n").flatMap(line => (line === "" ? [] : [JSON.parse(line) as T]));
}
