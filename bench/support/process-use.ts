import { readFileSync } from "node:fs";

/** What the system counts of a process. */
export interface ProcessUse {
  /** Used so far, in user and system mode. */
  readonly cpuMs: number;
  readonly restingMib: number;
  readonly peakMib: number;
}

/** Linux counts in hundredths of a second. */
const CLOCK_TICK_MS = 10;

/** Reads /proc, so on Linux alone. */
export function processUse(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
  return { cpuMs, restingMib: mib("VmRSS"), peakMib: mib("VmHWM") };
}
