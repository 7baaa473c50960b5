import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { promtoolOf } from "../../scripts/setup/promtool.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");

export interface PromtoolResult {
  readonly isOk: boolean;
  readonly output: string;
}

export async function promtool(...args: readonly string[]): Promise<PromtoolResult> {
  const program = promtoolOf(ROOT);
  if (program === null) throw new Error("There is no promtool; npm test sees to it");
  return await promisify(execFile)(program, args).then(
    ({ stdout, stderr }) => ({ isOk: true, output: stdout + stderr }),
    ({ stdout, stderr }) => ({ isOk: false, output: String(stdout) + String(stderr) }),
  );
}
