import { readFile } from "node:fs/promises";
import type { Handled, LockHold } from "./verdict.ts";

export interface HandledLine extends Handled {
  readonly replica: string;
  /** By the replica's own clock, which may be an hour off. */
  readonly at: number;
}

/** What handlers wrote down when they were called. */
export function readHandled(file: string): Promise<HandledLine[]> {
  return readLines<HandledLine>(file);
}

interface LockLine {
  readonly fence: number;
  readonly replica: string;
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** When handlers held the lock, in epoch ms. Of one that died with it only the beginning is known. */
export async function readLockHolds(file: string): Promise<LockHold[]> {
  const offsetMs = Date.now() - Number(process.hrtime.bigint()) / 1e6;
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
