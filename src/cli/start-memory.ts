import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** More than a process with few jobs has. */
const LARGE_HEAP_BYTES = 80 * 1024 * 1024;
/** A term of 100,000 new jobs is open after some 5 s. */
const OPENING_MS = 15_000;

/**
 * Returns to the system what loading has used, where it was much. V8 would keep it: a process with 100,000 jobs is larger by
 * half for as long as it lives. Takes some hundred milliseconds, so only before a replica joins the others. Returns what lets the
 * heap grow again, for when the first term is open; it does so by itself after a while.
 */
export function collectGarbageOfLoad(): () => void {
  // Bun has no V8.
  if (process.versions["bun"] !== undefined || process.memoryUsage().heapTotal < LARGE_HEAP_BYTES)
    return () => undefined;
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") collect({ type: "major", flavor: "last-resort" });
  return keepHeapSmall();
}

/**
 * Opening the first term makes as much garbage as loading, for which V8 would make room that it keeps: 110 MB for new objects
 * alone. It collects more often instead, in steps that are no longer than usual. A leader that launches very much would spend a
 * third of its CPU time on that, so from the first launch on V8 makes room as it does in each process.
 */
function keepHeapSmall(): () => void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
  const letGrow = () => {
    clearTimeout(timer);
    setFlagsFromString("--semi-space-growth-factor=2");
    setFlagsFromString("--heap-growing-percent=0");
  };
  const timer = setTimeout(letGrow, OPENING_MS).unref();
  return letGrow;
}
