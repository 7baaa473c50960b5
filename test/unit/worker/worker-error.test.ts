import { describe, expect, test } from "vitest";
import { isConnectionError, lostRunOf, RepeatFilter, safeText } from "../../../src/worker/worker-error.ts";

describe("a worker's error", () => {
  test.each([
    {
      name: "a refused connection",
      error: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
      expected: true,
    },
    { name: "ioredis' closed connection", error: new Error("Connection is closed."), expected: true },
    {
      name: "a command that went down with its connection",
      error: Object.assign(new Error("x"), { name: "AbortError" }),
      expected: true,
    },
    {
      name: "a read-only replica",
      error: new Error("READONLY You can't write against a read only replica."),
      expected: false,
    },
    { name: "no error at all", error: "ECONNREFUSED", expected: false },
  ])("is the connection's or not: $name", ({ error, expected }) => {
    expect(isConnectionError(error)).toBe(expected);
  });

  test.each([
    { text: "could not renew lock for job a@20261123T070000Z", run: "a@20261123T070000Z" },
    {
      text: "Missing lock for job a.b@20261123T070000.250Z. moveToFinished",
      run: "a.b@20261123T070000.250Z",
    },
    { text: "Lock mismatch for job a@1. Cmd moveToFinished from active", run: "a@1" },
    { text: "Missing key for job a@1. moveToFinished", run: "a@1" },
    { text: "Job a@1 is not in the active state. moveToFinished", run: "a@1" },
    { text: "OOM command not allowed", run: null },
  ])("names the run that is lost: $text", ({ text, run }) => {
    expect(lostRunOf(new Error(text))).toBe(run);
  });

  test("is told without the arguments of the command", () => {
    const error = new Error("ERR unknown command 'AUTH', with args beginning with: 'default' 'secret'");
    expect(safeText(error)).toBe("ERR unknown command 'AUTH'");
  });

  test("is told once a minute", () => {
    const repeats = new RepeatFilter();
    const told = [0, 1, 59_999, 60_000, 60_001].map(nowMs => repeats.isNew("OOM", nowMs));
    expect(told).toEqual([true, false, false, true, false]);
    expect(repeats.isNew("another", 60_001)).toBe(true);
  });
});
