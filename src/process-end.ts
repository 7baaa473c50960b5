/**
 * The end of this process, also while an operation of Node.js's thread pool never ends. Such an operation reads a FIFO
 * or a file of a mount that hangs, or waits for a name server that does not answer. `process.exit` waits for all of
 * them.
 */

/** How long operations that have begun, such as the write of a file, may hold up the end. */
const OPERATIONS_LIMIT_MS = 1_000;
const PAUSE_MS = 20;
/** Requests that run in the thread pool, as `process.getActiveResourcesInfo` names them. */
const OPERATION = /^(FSReq|GetAddrInfoReq|GetNameInfoReq)/;

let isEnding = false;

/** Whether `endProcess` was called: without that, other code ends the process. */
export function endsByItself(): boolean {
  return isEnding;
}

/** Ends the process with this code: when its operations have ended, or when the limit has passed, without them. */
export function endProcess(code: number, limitMs = OPERATIONS_LIMIT_MS): void {
  isEnding = true;
  const untilMs = performance.now() + limitMs;
  const end = () => {
    if (!process.getActiveResourcesInfo().some(name => OPERATION.test(name))) process.exit(code);
    if (performance.now() >= untilMs) replaceProcess(code);
    setTimeout(end, PAUSE_MS);
  };
  end();
}

/**
 * Replaces the program by one that only exits. That ends all threads immediately, and the exit code is ours. SIGKILL
 * does neither: its exit code is 137, and it does not reach the first process of a container (PID 1).
 */
function replaceProcess(code: number): never {
  process.exitCode = code;
  try {
    // Exit listeners write the last lines of the log.
    process.emit("exit", code);
  } finally {
    // That execve is experimental is no news to an operator.
    process.removeAllListeners("warning");
    try {
      process.execve?.(process.execPath, [process.execPath, `--eval=process.exitCode=${code}`], {});
    } finally {
      // This system has no execve.
      process.kill(process.pid, "SIGKILL");
    }
  }
  throw new Error("BUG: the process goes on after SIGKILL");
}
