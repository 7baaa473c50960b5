import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** More than a process with few jobs has. */
const LARGE_HEAP_BYTES = 80 * 1024 * 1024;

/**
 * Returns to the system what loading has used, where it was much. V8 would keep it: a process with 100,000 jobs is larger by
 * half for as long as it lives. Takes some hundred milliseconds, so only before a replica joins the others.
 */
export function collectGarbageOfLoad(): void {
  // Bun has no V8.
  if (process.versions["bun"] !== undefined || process.memoryUsage().heapTotal < LARGE_HEAP_BYTES) return;
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") collect({ type: "major", flavor: "last-resort" });
}
