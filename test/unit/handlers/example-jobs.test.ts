import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map(folder => rm(folder, { recursive: true, force: true })));
});

async function setup() {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-examples-"));
  folders.push(folder);
  const script = fileURLToPath(new URL("./example-jobs.child.ts", import.meta.url));
  return {
    call: async (...calls: object[]) => {
      const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(calls)], {
        cwd: folder,
      });
      return JSON.parse(stdout) as Record<string, unknown>[];
    },
    read: (file: string) => readFile(path.join(folder, "data", file), "utf8"),
    list: async () => (await readdir(path.join(folder, "data"))).sort(),
  };
}

const sample = (tick: string) => ({ handler: "metrics/sample-load", tick });
const rotate = (tick: string, data?: object) => ({ handler: "metrics/rotate-samples", tick, data });

describe("the example jobs", () => {
  test("sample the load once a tick", async () => {
    const { call, read } = await setup();
    await call(
      sample("2026-11-23T07:00:00Z"),
      sample("2026-11-23T07:00:00Z"),
      sample("2026-11-23T07:00:05Z"),
    );
    const lines = (await read("samples.csv")).trimEnd().split("\n");
    expect(lines.map(line => line.split(",")[0])).toEqual([
      "time",
      "2026-11-23T07:00:00.000Z",
      "2026-11-23T07:00:05.000Z",
    ]);
  });

  test("rotate the samples, once a tick, and keep the last few files", async () => {
    const { call, read, list } = await setup();
    await call(
      sample("2026-11-23T07:00:00Z"),
      rotate("2026-11-23T07:01:00Z"),
      sample("2026-11-23T07:02:00Z"),
    );
    await call(rotate("2026-11-23T07:01:00Z"));
    expect(await list()).toEqual(["samples-2026-11-23T070100.000Z.csv", "samples.csv"]);
    expect(await read("samples.csv")).toContain("2026-11-23T07:02:00.000Z");
    await call(rotate("2026-11-23T07:03:00Z", { keep: 1 }));
    expect(await list()).toEqual(["samples-2026-11-23T070300.000Z.csv"]);
  });

  test("rotate nothing when there is nothing", async () => {
    const { call } = await setup();
    expect(await call(rotate("2026-11-23T07:01:00Z"))).toMatchObject([{ removed: 0 }]);
  });

  test("import after a failed attempt now and then", async () => {
    const { call } = await setup();
    const ticks = Array.from({ length: 30 }, (_, second) => new Date(second * 1000).toISOString());
    const first = await call(...ticks.map(tick => ({ handler: "imports/flaky-import", tick })));
    const failed = first.filter(outcome => "threw" in outcome).length;
    expect(failed).toBeGreaterThan(3);
    expect(failed).toBeLessThan(20);
    const second = await call(...ticks.map(tick => ({ handler: "imports/flaky-import", tick, attempt: 2 })));
    expect(second.every(outcome => outcome["lines"] === 0)).toBe(true);
  });

  test("report each day's load", async () => {
    const { call, read } = await setup();
    await call(
      sample("2026-11-22T07:00:00Z"),
      sample("2026-11-22T07:01:00Z"),
      rotate("2026-11-22T08:00:00Z"),
    );
    await call(sample("2026-11-23T07:00:00Z"), {
      handler: "reports/nightly-report",
      tick: "2026-11-24T02:00:00Z",
    });
    const [header, ...days] = (await read("report-2026-11-24.csv")).trimEnd().split("\n");
    expect(header).toBe("day,samples,averageLoad,highestLoad");
    expect(days.map(day => day.split(",").slice(0, 2))).toEqual([
      ["2026-11-22", "2"],
      ["2026-11-23", "1"],
    ]);
  });
});
