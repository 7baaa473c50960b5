import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";
import { test } from "../support/config.ts";

/** Enough for Node.js to start and to load the sources. */
const LIMIT = 200;

test("a process without file descriptors says so in runs, and rejects no configuration for it", async ({
  writeConfig,
}) => {
  const configDir = await writeConfig({ "jobs.yaml": "jobs: { a: { every: 5s, handler: x } }\n" });
  const script = fileURLToPath(new URL("./descriptors.child.ts", import.meta.url));
  const command = `ulimit -n ${LIMIT} && exec "$0" "$1" "$2"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", command, process.execPath, script, configDir]);
  const none = expect.stringContaining("this replica has no file descriptor left");
  const blind = [expect.stringContaining("this process has no file descriptor left (EMFILE)")];
  expect(JSON.parse(stdout)).toEqual({
    failures: [none, none],
    starved: { rejected: 0, applied: 0, blind },
    after: { rejected: 0, applied: 1, blind },
  });
});
