import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { applyOverlap } from "../../src/launch/overlap.ts";
import { LeaderLoop } from "../../src/leader/leader-loop.ts";
import {
  type DropReason,
  ELECTED_REASONS,
  LOST_REASONS,
  type LockLostReason,
  type QuarantineReason,
  RESIGN_REASONS,
  type ReturnReason,
  type RunLostReason,
  reasonText,
  tellTermReason,
} from "../../src/reasons.ts";
import type { Decision } from "../../src/schedule/decision.ts";
import { planRemoval, planTicks } from "../../src/schedule/plan.ts";
import type { PlannedJob } from "../../src/schedule/planned-job.ts";
import { RunReporter } from "../../src/worker/run-reporter.ts";
import { jobOf } from "../support/jobs.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { MemoryLaunchStore } from "../support/memory-launch-store.ts";
import { PASSED } from "../support/passed-ticks.ts";
import { Recorder } from "../support/recorder.ts";
import { setupMetrics } from "./observability/setup.ts";

const NOW = Date.UTC(2026, 10, 23, 7);
const ROWS = Object.entries(PASSED);

/** The codes of the ticks of half a minute without a leader. */
function codesOf(decisions: readonly Decision[]): string[] {
  const passed = decisions.flatMap(one => (one.outcome === "launched" ? [] : [one.reason.code]));
  return [...new Set(passed)];
}

const stale = (overrides: Partial<Job>, more: Partial<PlannedJob> = {}): PlannedJob => ({
  ...jobOf("job", overrides),
  cursor: NOW - 30_000,
  ...more,
});

const planned = (job: PlannedJob) => planTicks({ jobs: [job], nowMs: NOW }).decisions;
const unfinished = { run: "r", sinceMs: NOW - 30_000, endedMs: Number.POSITIVE_INFINITY };

const DECIDED: Readonly<Record<keyof typeof PASSED, () => readonly Decision[]>> = {
  catch_up_none: () => planned(stale({ catchUp: "none" })),
  superseded: () => planned(stale({ catchUp: "latest" })),
  older_than_window: () => planned(stale({ catchUp: "all", catchUpWindowMs: 10_000 })),
  beyond_limit: () => planned(stale({ catchUp: "all", catchUpLimit: 3 })),
  paused: () => planned(stale({ catchUp: "none" }, { pausedAtMs: NOW - 60_000 })),
  skip_next: () => planned(stale({}, { skips: [NOW - 1_000] })),
  replaced: () => planned(stale({}, { waitsFor: unfinished })),
  removed: () => planRemoval(stale({}), NOW),
  overlap: () => {
    const run = { ...unfinished, state: "unfinished" } as const;
    return applyOverlap(planned(stale({})), () => ({ overlap: "skip" }), new Map([["job", run]])).decisions;
  },
};

describe("the reason of a tick", () => {
  it.each(Object.entries(DECIDED))("has the code %s", (code, decide) => {
    expect(codesOf(decide())).toEqual([code]);
  });

  it.each(ROWS)("%s is a code in the event, beside the text for people", async (code, row) => {
    const { decision, text } = row;
    const [recorder, launchStore, clock] = [
      new Recorder(),
      new MemoryLaunchStore(),
      new ManualClock(NOW + 2_000),
    ];
    const launcher = launchStore.launcher([jobOf("report")]);
    const ending = new AbortController();
    const loop = new LeaderLoop({
      clock,
      events: recorder.events,
      jobs: [jobOf("report")],
      random: () => 0,
      launcher: {
        ...launcher,
        open: async (fence, nowMs) => {
          const opened = await launcher.open(fence, nowMs);
          return opened.outcome === "opened"
            ? { ...opened, found: [{ nowMs, decided: [decision] }] }
            : opened;
        },
      },
    });
    launchStore.fence = "1:t";
    const ended = loop.runTerm({ number: 1, fence: "1:t", signal: ending.signal });
    await settle();
    ending.abort();
    await ended;
    const event = `tick.${decision.outcome}` as const;
    expect(recorder.of(event)).toMatchObject([{ job: "report", reason: text, reasonCode: code }]);
    expect(reasonText(decision.reason)).toBe(text);
  });

  it("has the label by its code, whatever its text", async () => {
    const { events, expose } = setupMetrics();
    const counted = ROWS.map(([, { decision, label }]) => {
      const tick = { job: "report", tick: "2026-11-23T07:00:00.000Z", term: 1, reason: "in other words" };
      if (decision.outcome === "missed") {
        events.emit("tick.missed", { ...tick, reasonCode: decision.reason.code });
        return [`missed ${label}`, 1];
      }
      events.emit("tick.skipped", { ...tick, reasonCode: decision.reason.code });
      return [`skipped ${label}`, 1];
    });
    const shown = await expose();
    expect(shown.counts("ticks_total")).toEqual(Object.fromEntries(counted));
    const labels = (outcome: string) =>
      shown.samples.flatMap(({ name, labels }) =>
        name === "bellwether_ticks_total" && labels["outcome"] === outcome ? [labels["reason"]] : [],
      );
    expect(labels("launched")).toEqual(["scheduled", "catch-up"]);
    expect([...labels("skipped"), ...labels("missed")].toSorted()).toEqual(
      [...ROWS.map(([, { label }]) => label), "other", "other"].toSorted(),
    );
  });

  it("is in the table of docs/events.md with its code, text and label, and no other is", () => {
    const text = readFileSync(new URL("../../docs/events.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `(\w+)` \| `tick\.(skipped|missed)` \|.*\| `([\w-]+)` \|$/gm)];
    expect(rows.map(([, code, outcome, label]) => [code, outcome, label]).toSorted()).toEqual(
      ROWS.map(([code, { decision, label }]) => [...[code, decision.outcome, label]]).toSorted(),
    );
  });
});

/** By event, a reason for each code that it may have, and what people read. */
const RETURNED: { readonly [C in ReturnReason["code"]]: readonly [ReturnReason, string] } = {
  shutdown: [{ code: "shutdown" }, "shutdown"],
  no_handler: [{ code: "no_handler" }, "no handler"],
  run_unfinished: [{ code: "run_unfinished", by: "a@1" }, "overlap: a@1 has not ended"],
  overlap_unknown: [
    { code: "overlap_unknown" },
    "overlap: Redis did not say whether another run of the job has ended",
  ],
  run_removed: [{ code: "run_removed" }, "it was removed"],
};
const LOST: { readonly [C in RunLostReason["code"]]: readonly [RunLostReason, string] } = {
  lock_gone: [{ code: "lock_gone" }, "its lock is gone: another replica has the run, or had it"],
  not_renewed: [
    { code: "not_renewed" },
    "Redis did not renew its lock in time; another replica may take the run",
  ],
  taken_again: [{ code: "taken_again" }, "its lock ran out, and this replica took the run again"],
  not_returned: [
    { code: "not_returned" },
    "it could not be given back; the others find it when its lock runs out",
  ],
  stopped_at_end: [{ code: "stopped_at_end" }, "the replica stopped before Redis took its end"],
  end_refused: [{ code: "end_refused", error: "BUSY" }, "Redis did not take its end: BUSY"],
  removed_at_end: [{ code: "removed_at_end" }, "the run was removed before its end was written"],
  lock_gone_at_end: [{ code: "lock_gone_at_end" }, "its lock was gone when its end was to be written"],
};
const DROPPED: { readonly [C in DropReason["code"]]: readonly [DropReason, string] } = {
  unwritable: [{ code: "unwritable", why: "a cycle" }, "it cannot be written as JSON: a cycle"],
  not_json: [{ code: "not_json", type: "function" }, "it has no form in JSON: it is a function"],
  too_large: [
    { code: "too_large", bytes: 12, limitBytes: 10 },
    "it is 12 bytes of JSON, and 10 are kept at most",
  ],
};

describe("the reason of a run", () => {
  const setup = () => {
    const recorder = new Recorder();
    const { events } = recorder;
    const reporter = new RunReporter({ events, replica: "me", recordResult: async () => undefined });
    return { recorder, reporter, run: { job: "a", id: "a@1", attempt: 1 } };
  };

  it.each(Object.entries(RETURNED))("that goes back is a code in the event: %s", (code, [reason, text]) => {
    const { recorder, reporter, run } = setup();
    reporter.returned(run, reason);
    expect(recorder.of("run.returned")).toEqual([{ job: "a", run: "a@1", reason: text, reasonCode: code }]);
  });

  it.each(Object.entries(LOST))("that is lost is a code in the event: %s", (code, [reason, text]) => {
    const { recorder, reporter, run } = setup();
    reporter.lost(run, reason);
    const about = { job: "a", run: "a@1", attempt: 1 };
    expect(recorder.of("run.lost")).toEqual([{ ...about, reason: text, reasonCode: code }]);
  });

  it.each(Object.entries(DROPPED))("whose result is dropped is a code in the event: %s", (code, row) => {
    const { recorder, reporter, run } = setup();
    const [reason, text] = row;
    reporter.resultDropped(run, reason);
    expect(recorder.of("run.resultDropped")).toEqual([
      { job: "a", run: "a@1", reason: text, reasonCode: code },
    ]);
  });

  it("is in a table of docs/events.md with its code and event, and so are those of jobs and locks, and no other", () => {
    const text = readFileSync(new URL("../../docs/events.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `(\w+)` \| `((?:job|run|lock)\.\w+)` \|/gm)];
    const codes = (event: string) => rows.flatMap(([, code, of]) => (of === event ? [code] : []));
    const jobs: Record<QuarantineReason["code"], string> = { run_not_added: "", state_corrupt: "" };
    expect(codes("job.quarantined")).toEqual(Object.keys(jobs));
    expect(codes("run.returned")).toEqual(Object.keys(RETURNED));
    expect(codes("run.lost")).toEqual(Object.keys(LOST));
    expect(codes("run.resultDropped")).toEqual(Object.keys(DROPPED));
    const locks: Record<LockLostReason, string> = { expired: "", taken: "", unreachable: "" };
    expect(codes("lock.lost")).toEqual(Object.keys(locks));
  });
});

it("the reason of a term is its code too, in the spelling of codes", () => {
  const told = [...ELECTED_REASONS, ...RESIGN_REASONS, ...LOST_REASONS].map(tellTermReason);
  for (const { reason, reasonCode } of told) {
    expect(reasonCode).toMatch(/^[a-z_]+$/);
    expect(reasonCode).toBe(reason === "no-progress" ? "no_progress" : reason);
  }
});
