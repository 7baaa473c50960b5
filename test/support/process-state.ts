import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A zombie has exited too: only its parent has not waited for it yet, and for an orphan that is the system. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Resolves when the process has ended; a test that waits in vain runs into its own limit. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(5);
}
