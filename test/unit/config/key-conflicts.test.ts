import { describe, expect, it } from "vitest";
import { jobFile, load } from "../../support/config.ts";

const ONE = "expected only one of them";

describe("a job that takes the effect from its own keys", () => {
  it.each([
    ["catchUpWindow", "none", "catchUp: none", "catchUpWindow: 1h"],
    ["catchUpLimit", "none", "catchUp: none", "catchUpLimit: 5"],
    ["catchUpLimit", "latest", "catchUp: latest", "catchUpLimit: 5"],
  ])("%s with catchUp: %s", async (key, _policy, because, line) => {
    const { lines } = await load(jobFile("every: 5s", because, line));
    expect(lines).toEqual([`config/jobs.yaml:6:5 jobs.a.${key}: has no effect with ${because}: ${ONE}`]);
  });

  it.each([
    ["every", "every: 5s"],
    ["at", "at: [2026-12-24T18:00:00Z]"],
  ])("dst with %s", async (kind, line) => {
    const { lines } = await load(jobFile(line, "dst: { gap: skip }"));
    expect(lines).toEqual([`config/jobs.yaml:5:5 jobs.a.dst: has no effect with ${kind}: ${ONE}`]);
  });

  it("shows beside its other mistakes", async () => {
    const { lines } = await load(
      jobFile("every: 5s", "catchUp: none", "catchUpWindow: 1h", "overlap: never"),
    );
    expect(lines).toHaveLength(2);
  });
});

describe("no contradiction", () => {
  it.each([
    ["a window with the latest", ["every: 5s", "catchUp: latest", "catchUpWindow: 1h"]],
    ["a limit with all", ["every: 5s", "catchUp: all", "catchUpLimit: 5"]],
    ["a window alone", ["every: 5s", "catchUpWindow: 1h"]],
    ["dst with cron", ['cron: "0 2 * * *"', "dst: { gap: skip }"]],
  ])("is %s", async (_name, given) => {
    expect((await load(jobFile(...given))).lines).toEqual([]);
  });

  it.each([
    ["a window in the defaults", "catchUpWindow: 1h, catchUpLimit: 7, dst: { gap: skip }", "catchUp: none"],
    ["a policy in the defaults", "catchUp: none", "catchUpWindow: 1h"],
  ])("is %s", async (_name, defaults, own) => {
    const text = `defaults: { ${defaults} }\njobs:\n  a: { every: 5s, handler: x, ${own} }\n`;
    expect((await load({ "jobs.yaml": text })).lines).toEqual([]);
  });
});

describe("a schedule without a tick", () => {
  it.each([
    [
      "except",
      ['cron: "0 2 * * *"', 'except: "* 2 * * *"'],
      "config/jobs.yaml:5:13 jobs.a.except: excludes every tick: ",
    ],
    [
      "start and end",
      ['cron: "0 2 * * *"', "start: 2026-01-01T03:00:00Z", "end: 2026-01-01T04:00:00Z"],
      "config/jobs.yaml:6:10 jobs.a.end: no tick lies between start and end",
    ],
  ])("is a mistake: %s", async (_name, given, line) => {
    const { lines } = await load(jobFile(...given));
    expect(lines).toEqual([expect.stringContaining(line)]);
  });
});
