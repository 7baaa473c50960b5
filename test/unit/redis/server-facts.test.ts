import { describe, expect, it } from "vitest";
import { readAnswers, replicaProblem, type ServerAnswers } from "../../../src/redis/server-facts.ts";

const DEMAND = { db: 0, username: "default", mayBeReplica: false, kind: "url" } as const;
const INFO = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nloading:0\r\n";
const HELLO = ["server", "redis", "version", "7.0.15", "role", "master"];
const clientInfo = (db: number, user = "default") => `id=3 addr=1:2 name=x db=${db} user=${user} resp=3\n`;
const answers = (some: Partial<ServerAnswers> = {}): ServerAnswers => ({
  select: null,
  hello: HELLO,
  info: INFO,
  clientInfo: clientInfo(0),
  ...some,
});

describe("the answers of a server", () => {
  it("are facts when database, user and role fit", () => {
    const facts = readAnswers(answers(), DEMAND);
    expect(facts).toMatchObject({ version: "7.0.15", role: "master", unchecked: [] });
    expect(replicaProblem(facts, DEMAND)).toBeNull();
  });

  it.each([
    [
      "another database",
      answers({ clientInfo: clientInfo(0) }),
      { ...DEMAND, db: 3 },
      /has database 0, .* names 3/,
    ],
    [
      "another user",
      answers({ clientInfo: clientInfo(0, "ops") }),
      DEMAND,
      /has the user ops, .* names default/,
    ],
    [
      "a database that is not there",
      answers({ select: new Error("ERR DB index is out of range") }),
      { ...DEMAND, db: 20 },
      /database 20 cannot be used: ERR DB index is out of range; the server has fewer databases/,
    ],
    [
      "a cluster",
      answers({ select: new Error("ERR SELECT is not allowed in cluster mode") }),
      { ...DEMAND, db: 1 },
      /use redis\.cluster/,
    ],
    [
      "a user without SELECT",
      answers({ select: new Error("NOPERM this user has no permissions to run the 'select' command") }),
      { ...DEMAND, db: 1 },
      /\+select/,
    ],
    [
      "a server whose SELECT has another name",
      answers({ select: new Error("ERR unknown command 'select', with args beginning with: '1' ") }),
      { ...DEMAND, db: 1 },
      /^database 1 cannot be used: ERR unknown command 'select'; name a database/,
    ],
    [
      "a sentinel",
      answers({ info: "redis_mode:sentinel\r\n" }),
      DEMAND,
      /^a Sentinel answers there, .*redis\.sentinel/,
    ],
    [
      "a sentinel without INFO",
      answers({ info: new Error("NOPERM no"), hello: ["mode", "sentinel"] }),
      DEMAND,
      /^a Sentinel answers there/,
    ],
    ["a server that loads", answers({ info: "loading:1\r\n" }), DEMAND, /LOADING/],
    [
      "a server that is busy",
      answers({ info: new Error("BUSY Redis is busy running a script") }),
      DEMAND,
      /^BUSY/,
    ],
    [
      "a user that is unknown",
      answers({ clientInfo: new Error("NOAUTH Authentication required.") }),
      DEMAND,
      /^NOAUTH/,
    ],
  ])("refuse %s", (_, given, demand, message) => {
    expect(() => readAnswers(given, demand)).toThrow(message);
  });

  it("warn of what cannot be checked, and go by HELLO and SELECT", () => {
    const facts = readAnswers(
      answers({
        select: "OK",
        info: new Error("ERR unknown command 'info', with args beginning with: 'secret'"),
        clientInfo: new Error("NOPERM no"),
      }),
      { ...DEMAND, db: 5 },
    );
    expect(facts).toMatchObject({ version: "7.0.15", role: "master" });
    expect(facts.unchecked.map(({ problem }) => problem)).toEqual([
      "INFO is refused (ERR unknown command 'info'), so settings are not checked",
      "CLIENT INFO is refused (NOPERM no), so the user and the database of connections are not checked",
    ]);
  });

  it("name a replica and its primary, also where INFO is refused", () => {
    const info = "role:slave\r\nmaster_host:10.0.0.7\r\nmaster_port:6379\r\n";
    const facts = readAnswers(answers({ info }), DEMAND);
    expect(replicaProblem(facts, DEMAND)?.message).toMatch(/^READONLY .* replica of 10\.0\.0\.7:6379/);
    expect(replicaProblem(facts, { ...DEMAND, mayBeReplica: true })).toBeNull();
    expect(replicaProblem(facts, DEMAND)?.message).toMatch(/or use redis\.sentinel or redis\.cluster$/);
    for (const kind of ["sentinel", "cluster"] as const) {
      const problem = replicaProblem(facts, { ...DEMAND, kind })?.message;
      expect(problem).toMatch(/are asked again until they name a primary/);
      expect(problem).not.toContain("redis.");
    }
    const hello = ["role", "replica"];
    const blind = readAnswers(answers({ info: new Error("NOPERM no"), hello }), DEMAND);
    expect(replicaProblem(blind, DEMAND)?.message).toMatch(/^READONLY/);
  });
});
