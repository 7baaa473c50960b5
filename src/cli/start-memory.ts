import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** More than a process with few jobs has. */
const LARGE_HEAP_BYTES = 80 * 1024 * 1024;
/** A term of 100,000 new jobs is open after some 5 s. */
const OPENING_MS = 15_000;

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
  keepHeapSmall();
}

/**
 * Opening the first term makes as much garbage as loading, for which V8 would make room that it keeps: 110 MB for new objects
 * alone. It collects more often instead, in steps that are no longer than usual. Later it makes room as it does in each process,
 * so that a leader that launches very much is not slowed down.
 */
function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
  setTimeout(() => {
    setFlagsFromString("--semi-space-growth-factor=2");
    setFlagsFromString("--heap-growing-percent=0");
  }, OPENING_MS).unref();
}
