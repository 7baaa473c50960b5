import { openProcessIo } from "./process-io.ts";
import { runProgram } from "./program.ts";

const exitCode = await runProgram(process.argv.slice(2), openProcessIo());
// 0 does not replace what a broken output has set.
process.exitCode = exitCode || process.exitCode;
