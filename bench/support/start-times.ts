import { writeFileSync } from "node:fs";

const FLUSH_ON = "exit";
const lateness: number[] = [];

/** Remembers how late a run's handler started, and writes all of it to `$BENCH_OUT.<pid>` when the process ends. */
export function noteStart(tickAtMs: number): void {
  if (lateness.length === 0) process.once(FLUSH_ON, write);
  lateness.push(Date.now() - tickAtMs);
}

function write(): void {
  writeFileSync(`${process.env["BENCH_OUT"]}.${process.pid}`, JSON.stringify(lateness));
}
