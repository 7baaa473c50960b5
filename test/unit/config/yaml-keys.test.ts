import { describe, expect, it } from "vitest";
import { load, loadValid, ONE_JOB } from "../../support/config.ts";

const JOB = "{ every: 5s, handler: x }";

describe("a key that looks like something else", () => {
  it("stays as it is written in what a handler is given", async () => {
    const written = [
      ...["175928847299117063", "4851e12345", "7012e99999", "1.0", "1", "0x10", "0o7", "-0", ".inf"],
      ...["True", "true", "~", "null", "Null", "2026-12-24"],
    ];
    const data = written.map(key => `${key}: v`).join(", ");
    const { jobs } = await loadValid({
      "jobs.yaml": `jobs: { a: { every: 5s, handler: x, data: { channels: { ${data} }, list: [{ 1.50: v }] } } }`,
    });
    expect(Object.keys(jobs[0]?.data["channels"] ?? {}).sort()).toEqual(written.toSorted());
    expect(jobs[0]?.data["list"]).toEqual([{ "1.50": "v" }]);
  });

  it("stays as it is written in a job's name", async () => {
    const names = ["007", "1e3", "175928847299117063", "1.0", "true", "null"];
    const { jobs } = await loadValid({ "jobs.yaml": `jobs: { ${names.map(name => `${name}: ${JOB}`)} }` });
    expect(jobs.map(({ name }) => name).sort()).toEqual(names.toSorted());
  });

  it("is found by its name where something is wrong below it", async () => {
    const { lines } = await load({ "jobs.yaml": `jobs:\n  0x10: { evry: 5s, handler: x }\n` });
    expect(lines[0]).toMatch(/^config\/jobs\.yaml:2:3 jobs\.0x10: has no schedule/);
    expect(lines[1]).toMatch(/^config\/jobs\.yaml:2:11 jobs\.0x10\.evry: unknown key/);
  });

  it("stands twice only where it is written twice", async () => {
    const { lines } = await load({ "jobs.yaml": `jobs:\n  10: ${JOB}\n  1e1: ${JOB}\n  10: ${JOB}\n` });
    expect(lines).toEqual(["config/jobs.yaml:4:3 jobs.10: stands twice (the first is in line 2)"]);
  });
});

describe("a value that looks like a number", () => {
  it.each([
    ["01234", "would be 1234, without its zeros: put quotes around it, or leave them out"],
    ["-007", "would be -7, without its zeros: put quotes around it, or leave them out"],
    ["175928847299117063", "is too large to stay exact as a number: put quotes around it"],
  ])("is refused where it would be another one: %s", async (value, problem) => {
    const { lines } = await load({
      "jobs.yaml": `jobs: { a: { every: 5s, handler: x, data: { code: ${value} } } }`,
    });
    expect(lines).toEqual([`config/jobs.yaml:1:51 jobs.a.data.code: \`${value}\` ${problem}`]);
  });

  it("is a number or a text as YAML 1.2 has it", async () => {
    const { jobs } = await loadValid({
      "jobs.yaml":
        "jobs: { a: { every: 5s, handler: x, data: { n: [0, 0.5, 10, 0x1f, 1e3], t: ['007', 12:30, 1_000, no, 0b1] } } }",
    });
    expect(jobs[0]?.data).toEqual({ n: [0, 0.5, 10, 31, 1000], t: ["007", "12:30", "1_000", "no", "0b1"] });
  });
});

describe("a file", () => {
  it("may have lines that end in CRLF", async () => {
    const text = `${ONE_JOB}    data: { text: |-\r\n`.replace(
      "{ text: |-",
      "\r\n      text: |\r\n        a\r\n        b",
    );
    const { jobs } = await loadValid({ "jobs.yaml": text.replaceAll(/\r?\n/g, "\r\n") });
    expect(jobs[0]?.data).toEqual({ text: "a\nb\n" });
  });

  it("is not of YAML 1.1", async () => {
    const { lines } = await load({ "jobs.yaml": `# ours\n%YAML 1.1\n---\n${ONE_JOB}` });
    expect(lines).toEqual([
      expect.stringMatching(/^config\/jobs\.yaml:2:1 %YAML 1\.1 is not supported: expected YAML 1\.2/),
    ]);
    expect((await load({ "jobs.yaml": `%YAML 1.2\n---\n${ONE_JOB}` })).lines).toEqual([]);
  });

  it("has no keys of one's own", async () => {
    const { lines } = await load({ "jobs.yaml": `x-job: &job ${JOB}\njobs: { a: *job }` });
    expect(lines).toEqual([
      expect.stringMatching(/^config\/jobs\.yaml:1:1 x-job: unknown key \(.* where it is used first\)$/),
    ]);
  });
});
