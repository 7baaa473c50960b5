import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const FOLDER = path.resolve(import.meta.dirname, "../../../bench");
const BENCHMARKS = readdirSync(FOLDER).filter(name => name.endsWith(".ts"));

function run(name: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(FOLDER, name), ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe.each(BENCHMARKS)("bench/%s", name => {
  it("says what is wrong with its options, and how it is called", () => {
    const { status, stdout, stderr } = run(name, "--rouds", "3");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("--rouds");
    expect(stderr).toMatch(/(node bench\/|npm run bench -- )/);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it("prints that on request", () => {
    const { status, stdout, stderr } = run(name, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/(node bench\/|npm run bench -- )/);
  });
});
