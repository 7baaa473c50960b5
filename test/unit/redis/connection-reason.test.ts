import { describe, expect, it } from "vitest";
import type { RedisAddress } from "../../../src/config/redis-address.ts";
import { reasonOf } from "../../../src/redis/connection-reason.ts";
import { readProbe } from "../../../src/redis/server-probe.ts";

const ADDRESS: RedisAddress = { kind: "url", url: "redis://ops:hunter2%23word@host:6379" };
const SENTINEL: RedisAddress = { kind: "sentinel", name: "mymaster", nodes: [{ host: "a", port: 26_379 }] };
const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });

describe("why there is no connection", () => {
  it.each([
    [null, "connection closed"],
    [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [new Error("Socket timeout. Expecting data, but didn't receive any in 5000ms."), "no answer in time"],
    [new Error("Connection is closed."), "connection closed"],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), "connection closed"],
    [
      Object.assign(new Error("Reached the max retries per request limit (which is 0). Refer to …"), {
        name: "MaxRetriesPerRequestError",
      }),
      "connection closed",
    ],
    [new Error('Unknown RESP type 72 "H". Please report this.'), "what answers there is not Redis"],
    [reply("ERR max number of clients reached"), "ERR max number of clients reached"],
    [reply("NOPERM this user has no permissions"), "NOPERM this user has no permissions"],
    [
      reply("ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'ops' 'hunter2#word' "),
      "ERR unknown command 'HELLO'",
    ],
    [reply("ERR it was hunter2#word,\r\nor redis://x:hunter2@y"), "ERR it was ***, or redis://x:***@y"],
  ])("%s: %s", (error, reason) => {
    expect(reasonOf(error, ADDRESS)).toBe(reason);
  });

  it("is a password that is missing, where this address can have one", () => {
    const error = reply("NOAUTH Authentication required.");
    expect(reasonOf(error, ADDRESS)).toMatch(/\(set a password in redis\.url, or redis\.password\)$/);
    expect(reasonOf(error, SENTINEL)).toMatch(/\(set redis\.password\)$/);
  });

  it.each([
    ["", "no sentinel names a master: redis.sentinel.name is unknown to them"],
    [" Last error: Connection is closed.", "no sentinel answers"],
    [
      " Last error: NOAUTH Authentication required.",
      "no sentinel answers: NOAUTH Authentication required. (set redis.sentinel.password)",
    ],
    [
      " Last error: WRONGPASS invalid username-password pair or user is disabled.",
      "no sentinel answers: WRONGPASS invalid username-password pair or user is disabled. (correct redis.sentinel.username or redis.sentinel.password)",
    ],
    [
      ' Last error: Unknown RESP type 50 "2". Please report this.',
      "no sentinel answers: what answers there is not Redis",
    ],
    [
      " Last error: ERR unknown command 'sentinel', with args beginning with: 'get-master-addr-by-name' ",
      "no sentinel answers: ERR unknown command 'sentinel' (a server answers there: name its sentinels, or use redis.url)",
    ],
    [
      " Last error: ERR No such master with that name",
      "no sentinel answers: ERR No such master with that name (correct redis.sentinel.name)",
    ],
  ])("sentinels that give no master:%s", (last, reason) => {
    const error = new Error(`All sentinels are unreachable. Retrying from scratch after 50ms.${last}`);
    expect(reasonOf(error, SENTINEL)).toBe(reason);
  });
});

describe("what the first bytes of a server say", () => {
  it.each([
    [
      "-DENIED Redis is running in protected mode because …\r\n",
      false,
      /^DENIED Redis is running in protected mode/,
    ],
    ["-ERR max number of clients reached\r\n", false, /^ERR max number of clients reached$/],
    ["HTTP/1.1 400 Bad Request\r\n", false, /an HTTP server answers there/],
    ["HTTP/1.1 400 Bad Request\r\n", true, /an HTTP server answers there/],
    ["\u0015\u0003\u0003\u0000\u0002", false, /the server speaks TLS/],
    ["+PONG\r\n", true, /does not speak TLS on this port/],
    ["-NOAUTH Authentication required.\r\n", true, /does not speak TLS on this port/],
    ["SSH-2.0-OpenSSH_9.2\r\n", false, /what answers there is not Redis/],
  ])("%j (TLS expected: %s)", (said, isTls, found) => {
    expect(readProbe(said, isTls)).toMatch(found);
  });

  it.each([
    ["+PONG\r\n", false],
    ["-NOAUTH Authentication required.\r\n", false],
    ["\u0015\u0003\u0003\u0000\u0002", true],
    ["", false],
  ])("nothing: %j (TLS expected: %s)", (said, isTls) => {
    expect(readProbe(said, isTls)).toBeNull();
  });
});
