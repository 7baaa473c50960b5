import { writeFileSync } from "node:fs";

const FLUSH_ON = "exit";
const starts: StartTime[] = [];

/** Which tick a run is of (epoch ms), and how long after it the handler started. */
export type StartTime = readonly [tickAtMs: number, lateMs: number];

/** Remembers how late a run's handler started, and writes all of it to `$BENCH_OUT.<pid>` when the process ends. */
export function noteStart(tickAtMs: number): void {
  if (starts.length === 0) process.once(FLUSH_ON, write);
  starts.push([tickAtMs, Date.now() - tickAtMs]);
}

function write(): void {
  writeFileSync(`${process.env["BENCH_OUT"]}.${process.pid}`, JSON.stringify(starts));
}
