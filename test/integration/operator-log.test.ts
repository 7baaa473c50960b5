import { describe, expect, vi } from "vitest";
import { sleep } from "../../src/clock/sleep.ts";
import type { Term, TermWorkEnd } from "../../src/election/term.ts";
import { Operator } from "../../src/operator/operator.ts";
import { OperatorLog } from "../../src/operator/operator-log.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { Recorder } from "../support/recorder.ts";

const JOB = jobOf("hourly", {}, { everyMs: 60 * 60_000 });
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** Leaders behind a link that breaks, and an operator beside it. */
const it = test.extend("setup", ({ keys, link, connect, defer }) => async () => {
  const [redis, direct] = await Promise.all([connect("plain", link.url), connect("plain")]);
  const operator = new Operator({ redis: direct, keys, by: "ann" });
  let terms = 0;
  /** A term whose work goes on until the test ends it. */
  const runTerm = async () => {
    const number = ++terms;
    const fence = `${number}:t`;
    await direct.set(keys.term, fence);
    const recorder = new Recorder();
    const ending = new AbortController();
    const work = Promise.withResolvers<TermWorkEnd>();
    const term: Term = { number, fence, signal: ending.signal };
    const log = new OperatorLog({ redis, keys, clock: { sleep }, events: recorder.events, term });
    const over = log.during(() => work.promise);
    const end = async (outcome: "ended" | "stepdown" = "ended") => {
      if (outcome === "ended") ending.abort();
      work.resolve(outcome === "ended" ? outcome : { outcome, askedBy: "ann" });
      await over;
    };
    defer(() => end());
    const acted = () => recorder.of("operator.acted");
    const has = (count: number) =>
      vi.waitFor(() => expect(acted()).toHaveLength(count), { timeout: 30_000, interval: 10 });
    return { number, acted, has, end };
  };
  return { keys, link, direct, operator, runTerm };
});

describe("what an operator did", () => {
  it("is reported by the leader of that time, once, and by no later one", async ({ setup }) => {
    const { operator, runTerm } = await setup();
    const first = await runTerm();
    await operator.pause(JOB);
    await operator.resume(JOB);
    const { run } = (await operator.trigger(JOB, {})) as { run: string };
    await first.has(3);
    expect(first.acted()).toEqual([
      { action: "pause", job: "hourly", by: "ann", at: ISO, term: 1 },
      { action: "resume", job: "hourly", by: "ann", at: ISO, term: 1 },
      { action: "trigger", job: "hourly", by: "ann", at: ISO, term: 1, run },
    ]);
    await first.end();
    const second = await runTerm();
    const skipped = await operator.skipNext(JOB);
    await second.has(1);
    const ticks = skipped.outcome === "skipped" ? [new Date(skipped.tickAtMs).toISOString()] : [];
    expect(second.acted()).toEqual([
      { action: "skip-next", job: "hourly", by: "ann", at: ISO, term: 2, ticks },
    ]);
    expect(first.acted()).toHaveLength(3);
  });

  it("without a leader is reported by the next one, as is what its predecessor did not come to", async ({
    setup,
  }) => {
    const { operator, runTerm } = await setup();
    await operator.pause(JOB);
    const first = await runTerm();
    await first.has(1);
    await first.end();
    await operator.resume(JOB);
    const second = await runTerm();
    await second.has(1);
    expect(second.acted()).toMatchObject([{ action: "resume", term: 2 }]);
  });

  it("is reported before a leader resigns that was asked to step down", async ({ setup }) => {
    const { direct, keys, operator, runTerm } = await setup();
    await direct.hset(keys.leader, "term", 1);
    const first = await runTerm();
    await operator.stepDown({ term: 1 });
    await first.end("stepdown");
    expect(first.acted()).toMatchObject([{ action: "stepdown", by: "ann", term: 1 }]);
    expect(first.acted()[0]).not.toHaveProperty("job");
  });

  it("is reported once by a leader whose answer was lost", async ({ setup }) => {
    const { link, operator, runTerm } = await setup();
    const first = await runTerm();
    await operator.pause(JOB);
    await first.has(1);
    let trips = 0;
    for (let i = 0; i < 3; i++) {
      const broken = Promise.withResolvers<void>();
      link.armTrip("after", "/reported", () => {
        trips++;
        broken.resolve();
      });
      await operator[i % 2 === 0 ? "resume" : "pause"](JOB);
      await broken.promise;
      await first.has(2 + i);
    }
    expect(trips).toBe(3);
    expect(first.acted().map(({ action }) => action)).toEqual(["pause", "resume", "pause", "resume"]);
  });

  it("is not reported twice where a first answer is lost, and never by a leader that was replaced", async ({
    setup,
  }) => {
    const { link, operator, runTerm } = await setup();
    await operator.pause(JOB);
    const broken = Promise.withResolvers<void>();
    link.armTrip("after", "/reported", broken.resolve);
    const first = await runTerm();
    await broken.promise;
    await first.has(1);
    const second = await runTerm();
    await operator.resume(JOB);
    await second.has(1);
    await first.end("stepdown");
    expect(first.acted()).toHaveLength(1);
  });

  it("long before the first leader that reports is left to the audit; what another program wrote is passed over", async ({
    setup,
  }) => {
    const { direct, keys, operator, runTerm } = await setup();
    const old = Date.now() - 2 * 60 * 60_000;
    await direct.xadd(keys.audit, `${old}-0`, "action", "pause", "at", old, "by", "bob", "job", "hourly");
    await direct.xadd(keys.audit, "*", "just", "words");
    await direct.hset(keys.reported, "last", "yesterday", "fence", "x", "began", "-");
    for (let i = 0; i < 120; i++) await operator[i % 2 === 0 ? "pause" : "resume"](JOB);
    const first = await runTerm();
    await first.has(120);
    expect(new Set(first.acted().map(({ by }) => by))).toEqual(new Set(["ann"]));
  });
});
