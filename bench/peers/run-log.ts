/** Which runs started when, in the process of a contender. The benchmark reads it while the process runs. */
import { appendFileSync } from "node:fs";

/** Of one run: its tick (epoch ms), and how long after it its handler started. */
export type Start = readonly [tickAtMs: number, lateMs: number];

const WRITE_EVERY_MS = 250;
let unwritten: Start[] = [];
let isTimed = false;

/** Remembers the start of a run, and appends it to `$BENCH_OUT.<pid>` soon after. */
export function noteRun(tickAtMs: number): void {
  unwritten.push([tickAtMs, Date.now() - tickAtMs]);
  if (isTimed) return;
  isTimed = true;
  setTimeout(write, WRITE_EVERY_MS);
}

function write(): void {
  const lines = unwritten.map(start => `${JSON.stringify(start)}\n`);
  unwritten = [];
  isTimed = false;
  appendFileSync(`${process.env["BENCH_OUT"]}.${process.pid}`, lines.join(""));
}
