import { describe, expect, it } from "vitest";
import { refusalOf } from "../../../src/redis/refusal.ts";

const replyOf = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });

describe("a refusal", () => {
  it.each([
    ["BUSY", "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."],
    ["NOREPLICAS", "NOREPLICAS Not enough good replicas to write. script: 1f, on @user_script:7."],
    [
      "NOREPLICAS",
      "ERR Error running script (call to f_1f): @user_script:7: -NOREPLICAS Not enough good replicas to write.",
    ],
    ["READONLY", "READONLY You can't write against a read only replica."],
    ["TRYAGAIN", "TRYAGAIN Multiple keys request during rehashing of slot"],
    ["ASK", "ASK 3999 127.0.0.1:6381"],
    ["MOVED", "MOVED 3999 127.0.0.1:6381"],
    ["CLUSTERDOWN", "CLUSTERDOWN The cluster is down"],
    ["LOADING", "LOADING Redis is loading the dataset in memory"],
    ["MASTERDOWN", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
    ["OOM", "OOM command not allowed when used memory > 'maxmemory'."],
    ["MISCONF", "MISCONF Errors writing to the AOF file: No space left on device"],
    ["NOSCRIPT", "NOSCRIPT No matching script. Please use EVAL."],
  ])("is known as %s in %s", (kind, message) => {
    expect(refusalOf(replyOf(message))).toBe(kind);
  });

  it.each([
    [
      "another answer of the server",
      replyOf("WRONGTYPE Operation against a key holding the wrong kind of value"),
    ],
    ["a word of the same beginning", replyOf("ASKING for trouble")],
    ["an error of a handler that says the same", new Error("BUSY")],
    ["no error", "BUSY"],
  ])("is not %s", (_what, error) => {
    expect(refusalOf(error)).toBeNull();
  });
});
