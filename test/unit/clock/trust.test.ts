import { describe, expect, it } from "vitest";
import { keepingOf, LEASE_TTL } from "../../../src/clock/timing.ts";
import { Trust } from "../../../src/clock/trust.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";

const TTL_MS = 9_000;
const TRUST_MS = 8_100;
const RETRY_MS = 200;

function setup() {
  const clock = new ManualClock();
  const grantedMs = clock.monotonicMs();
  const trust = new Trust({
    clock,
    keeping: keepingOf(TTL_MS, LEASE_TTL),
    sentMs: grantedMs,
    retryInMs: () => RETRY_MS,
  });
  const sinceGrantedMs = () => clock.monotonicMs() - grantedMs;
  return { clock, trust, grantedMs, sinceGrantedMs, ending: new AbortController() };
}

describe("trust", () => {
  it("lasts for all of the TTL but a tenth, from when the request was sent", async () => {
    const { clock, trust } = setup();
    await clock.advance(TRUST_MS - 1);
    expect(trust.isOver).toBe(false);
    await clock.advance(1);
    expect(trust.isOver).toBe(true);
  });

  it("is extended from when the renewal was sent, and the next one is due a third later", async () => {
    const { clock, trust, grantedMs, ending } = setup();
    await clock.advance(3_000);
    const answer = Promise.withResolvers<"renewed">();
    const renewing = trust.renew(() => answer.promise, ending.signal);
    await clock.advance(1_000);
    answer.resolve("renewed");
    expect(await renewing).toBe("renewed");
    expect(trust.untilMs).toBe(grantedMs + 3_000 + TRUST_MS);
    expect(trust.renewAtMs).toBe(grantedMs + 6_000);
  });

  it("is not extended by another answer", async () => {
    const { clock, trust, grantedMs, ending } = setup();
    await clock.advance(3_000);
    expect(await trust.renew(async () => "lost" as const, ending.signal)).toBe("lost");
    expect(trust.untilMs).toBe(grantedMs + TRUST_MS);
  });

  it("is renewed again soon after a renewal without an answer", async () => {
    const { clock, trust, grantedMs, ending } = setup();
    await clock.advance(3_000);
    const error = new Error("refused");
    expect(await trust.renew(() => Promise.reject(error), ending.signal)).toEqual({ error });
    expect(trust.renewAtMs).toBe(grantedMs + 3_000 + RETRY_MS);
  });

  it("waits for an answer until it ends", async () => {
    const { clock, trust, ending } = setup();
    await clock.advance(3_000);
    let answer: unknown = null;
    void trust
      .renew(() => new Promise<"renewed">(() => undefined), ending.signal)
      .then(given => {
        answer = given;
      });
    await clock.advance(TRUST_MS - 3_000 - 1);
    expect(answer).toBeNull();
    await clock.advance(1);
    expect(answer).toEqual({ error: null });
  });

  it.each([
    { what: "a renewal is due", atMs: undefined, hurry: false, afterMs: 3_000 },
    { what: "a renewal is due now", atMs: undefined, hurry: true, afterMs: 0 },
    { what: "something else is due", atMs: 500, hurry: false, afterMs: 500 },
    { what: "the trust ends", atMs: 60_000, hurry: false, afterMs: TRUST_MS },
  ])("wakes when $what", async ({ atMs, hurry, afterMs }) => {
    const { clock, trust, grantedMs, sinceGrantedMs, ending } = setup();
    if (hurry) trust.hurry();
    let wokenMs: number | null = null;
    const waiting = trust.wait(ending.signal, atMs === undefined ? undefined : grantedMs + atMs);
    void waiting.then(() => {
      wokenMs = sinceGrantedMs();
    });
    await settle();
    await clock.advance(2 * TTL_MS);
    expect(wokenMs).toBe(afterMs);
  });
});
