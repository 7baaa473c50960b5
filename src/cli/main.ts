import { endProcess } from "../process-end.ts";
import { openProcessIo } from "./process-io.ts";
import { runProgram } from "./program.ts";

/** How long what is left may keep the process alive: the command has ended. */
const LEFTOVERS_MS = 500;

const exitCode = await runProgram(process.argv.slice(2), openProcessIo());
// 0 does not replace what a broken output has set.
process.exitCode = exitCode || process.exitCode;
// `check` and `trigger` import the project's modules, which may have opened a pool or a timer.
setTimeout(() => endProcess(Number(process.exitCode ?? 0)), LEFTOVERS_MS).unref();
