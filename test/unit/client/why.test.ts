import { describe, expect, it } from "vitest";
import type { TermInfo } from "../../../src/client/terms.ts";
import { explainWhy } from "../../../src/client/why/explain.ts";
import type { FactSchedule, WhyFacts } from "../../../src/client/why/facts.ts";
import type { Why } from "../../../src/client/why/why.ts";
import type { HistoryRow } from "../../../src/launch/read-history.ts";
import { type Reason, reasonText } from "../../../src/reasons.ts";
import { Calendar } from "../../../src/schedule/calendar.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";
import { jobOf } from "../../support/jobs.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 12, 0, 30);
const NINE = Date.UTC(2026, 10, 23, 9);
const iso = (atMs: number) => new Date(atMs).toISOString();
const at = (time: string) => `2026-11-23T${time}.000Z`;

function scheduleOf(spec: Partial<ScheduleSpec>, more: Partial<FactSchedule> = {}): FactSchedule {
  const { schedule, spec: whole } = jobOf("report", {}, spec);
  return {
    ...{ schedule, spec: whole, scheduleText: "every 1h", overlap: "skip", maxRuns: null },
    ...{ fromMs: NINE - 100 * HOUR_MS, untilMs: Number.POSITIVE_INFINITY },
    cursorMs: Date.UTC(2026, 10, 23, 12),
    ...more,
  };
}

const HOURLY = scheduleOf({ everyMs: HOUR_MS });

function factsWith(more: Partial<WhyFacts> = {}): WhyFacts {
  const schedules = more.schedules ?? [HOURLY];
  return {
    job: "report",
    nowMs: NOW,
    schedules,
    unknownSpans: [],
    rows: [],
    rowsInHour: 0,
    actions: [],
    historySinceMs: NINE - 90 * HOUR_MS,
    cursorMs: schedules.at(-1)?.cursorMs ?? null,
    pause: null,
    pastPauses: [],
    skips: [],
    quarantine: null,
    isFinished: false,
    isRemoved: false,
    waitsFor: null,
    leader: { replica: "pod-b", term: 4, sinceMs: NINE - HOUR_MS },
    terms: [],
    tooOld: null,
    notes: [],
    ...more,
  };
}

function rowOf(more: Partial<HistoryRow>): HistoryRow {
  return { tick: iso(NINE), outcome: "launched", kind: "scheduled", term: 4, lateMs: 0, ...more };
}

const RUN = "report@20261123T090000Z";
const launched = (more: Partial<HistoryRow> = {}) => rowOf({ run: RUN, ...more });
const passed = (outcome: "skipped" | "missed", reason: Reason, more: Partial<HistoryRow> = {}) =>
  rowOf({ outcome, reason: reasonText(reason), reasonCode: reason.code, ...more });
const action = (outcome: HistoryRow["outcome"], tick: string, more: Partial<HistoryRow> = {}) =>
  rowOf({ outcome, tick, kind: "manual", term: 0, ...more });

/** Term 4 began 4,200 ms after the leader of term 3 could launch last, over the tick of 9:00. */
const GAP: TermInfo = {
  ...{ term: 4, replica: "pod-b", at: at("09:00:03"), previous: "pod-a" },
  ...{ reason: "crashed", reasonCode: "crashed", cause: "process-gone", by: null, vacantMs: 4_200 },
  ...{ endedAt: null, endReason: null, endCause: null },
};

interface Example {
  readonly facts: Partial<WhyFacts>;
  readonly atMs?: number;
  readonly verdict: Why["verdict"];
  readonly code?: string | null;
  readonly cause?: object | null;
  readonly text: string;
}

const run = (reason: Reason, outcome: Partial<HistoryRow> = {}): Partial<WhyFacts> => ({
  rows: [launched(outcome)],
  notes: [{ run: RUN, atMs: NINE + 1_000, reason: reasonText(reason), reasonCode: reason.code }],
});
const told = (reason: Reason): Example => ({
  facts: run(reason),
  verdict: "launched",
  text: `report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run ${RUN} has not ended. A replica noted at 2026-11-23T09:00:01Z: ${reasonText(reason)}.`,
});

/** An example for each reason there is: a new one without an example does not compile. */
const REASONS: { readonly [C in Reason["code"]]: Example } = {
  catch_up_none: {
    facts: { rows: [passed("missed", { code: "catch_up_none" }, { lateMs: 3_000 })], terms: [GAP] },
    verdict: "missed",
    cause: { kind: "leader_gap", gapMs: 4_200, term: 4, policy: "catchUp: none" },
    text: "The tick 2026-11-23T09:00:00Z of report was missed. There was no leader for 4s200ms, until term 4 began at 2026-11-23T09:00:03Z: the process of the leader before died. The catch-up policy of the job passed over it: catchUp: none.",
  },
  superseded: {
    facts: { rows: [passed("missed", { code: "superseded" })] },
    verdict: "missed",
    cause: { kind: "policy" },
    text: "The tick 2026-11-23T09:00:00Z of report was missed. The catch-up policy of the job passed over it: catchUp: latest, a newer tick was due.",
  },
  older_than_window: {
    facts: {
      rows: [
        passed(
          "missed",
          { code: "older_than_window", windowMs: HOUR_MS },
          { from: at("04:00:00"), count: 6 },
        ),
      ],
    },
    verdict: "missed",
    cause: { kind: "policy" },
    text: "The tick 2026-11-23T09:00:00Z of report was missed, together with the other 5 from 2026-11-23T04:00:00Z to 2026-11-23T09:00:00Z. The catch-up policy of the job passed over it: older than catchUpWindow 1h.",
  },
  beyond_limit: {
    facts: { rows: [passed("missed", { code: "beyond_limit", limit: 3 })] },
    verdict: "missed",
    cause: { kind: "policy" },
    text: "The tick 2026-11-23T09:00:00Z of report was missed. The catch-up policy of the job passed over it: beyond catchUpLimit 3: so many newer ticks were due.",
  },
  overlap: {
    facts: { rows: [passed("skipped", { code: "overlap" }, { blockedBy: "report@20261123T080000Z" })] },
    verdict: "skipped",
    cause: { kind: "overlap", run: "report@20261123T080000Z" },
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. The run report@20261123T080000Z had not ended, and the job has overlap: skip.",
  },
  replaced: {
    facts: {
      schedules: [{ ...HOURLY, overlap: "queue" }],
      rows: [passed("skipped", { code: "replaced" }, { blockedBy: "report@manual-1" })],
    },
    verdict: "skipped",
    cause: { kind: "overlap", run: "report@manual-1" },
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. The run report@manual-1 had not ended, and the job has overlap: queue.",
  },
  paused: {
    facts: {
      rows: [passed("skipped", { code: "paused" })],
      pastPauses: [{ fromMs: NINE - 60_000, toMs: NINE + HOUR_MS }],
      actions: [
        action("resumed", at("10:00:00"), { by: "bob" }),
        action("paused", at("08:59:00"), { by: "ann", reason: "the printer is away" }),
      ],
    },
    verdict: "skipped",
    cause: { kind: "pause", by: "ann", since: at("08:59:00"), until: at("10:00:00") },
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. The job was paused by ann since 2026-11-23T08:59:00Z until 2026-11-23T10:00:00Z (the printer is away).",
  },
  skip_next: {
    facts: {
      rows: [passed("skipped", { code: "skip_next" })],
      actions: [action("skip-next", at("08:30:00"), { by: "ann", reason: `tick ${iso(NINE)}` })],
    },
    verdict: "skipped",
    cause: { kind: "skip_next", by: "ann", since: at("08:30:00") },
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. ann asked for it to be skipped at 2026-11-23T08:30:00Z (skip-next).",
  },
  removed: {
    facts: { rows: [passed("skipped", { code: "removed" })] },
    verdict: "skipped",
    cause: { kind: "removed" },
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. The job was removed from the configuration.",
  },
  job_unknown: {
    facts: {
      schedules: [{ ...HOURLY, fromMs: NINE + 60_000 }],
      rows: [passed("missed", { code: "job_unknown" })],
    },
    verdict: "missed",
    cause: { kind: "new_job", until: at("09:01:00") },
    text: "The tick 2026-11-23T09:00:00Z of report was missed. Redis did not know the job before 2026-11-23T09:01:00Z, or has lost what it knew.",
  },
  schedule_changed: {
    facts: {
      schedules: [
        { ...HOURLY, untilMs: NINE - HOUR_MS, cursorMs: NINE - HOUR_MS },
        scheduleOf({ cron: ["30 * * * *"] }, { fromMs: NINE - HOUR_MS }),
      ],
    },
    verdict: "not_a_tick",
    cause: { kind: "schedule", until: at("08:00:00") },
    text: "report has no tick at 2026-11-23T09:00:00Z. The schedule changed at 2026-11-23T08:00:00Z: the schedule before it, every 1h, has a tick then. Of its ticks the one before is 2026-11-23T08:30:00Z, and the next is 2026-11-23T09:30:00Z.",
  },
  schedule_unknown: {
    facts: { unknownSpans: [{ afterMs: NINE - HOUR_MS, untilMs: NINE + 60_000 }] },
    verdict: "unknown",
    cause: { kind: "schedule", since: at("08:00:00"), until: at("09:01:00") },
    text: "No tick of report was decided at 2026-11-23T09:00:00Z. The schedule changed, and the one before is not known: no tick from 2026-11-23T08:00:00Z to 2026-11-23T09:01:00Z was decided.",
  },
  order_lost: {
    facts: {
      rows: [passed("skipped", { code: "paused" })],
      pause: { atMs: NINE - HOUR_MS, by: "ann", untilMs: null, reason: null },
      actions: [
        action("paused", at("08:30:00"), {
          by: "pod-b",
          reason: "Redis had lost the order",
          reasonCode: "order_lost",
        }),
      ],
    },
    verdict: "skipped",
    code: "paused",
    cause: { kind: "pause", by: "ann", since: at("08:00:00") },
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. The job is paused by ann since 2026-11-23T08:00:00Z (put back at 2026-11-23T08:30:00Z: Redis had lost the order).",
  },
  run_not_added: {
    facts: {
      schedules: [{ ...HOURLY, cursorMs: NINE - HOUR_MS }],
      quarantine: {
        sinceMs: NINE + 2_000,
        reason: "WRONGTYPE {ns}:default:wait is a hash",
        isCorrupt: false,
      },
    },
    verdict: "held",
    cause: { kind: "quarantine", since: at("09:00:02") },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. The leader has not launched the job since 2026-11-23T09:00:02Z, and tries again at growing intervals: WRONGTYPE {ns}:default:wait is a hash.",
  },
  state_corrupt: {
    facts: {
      schedules: [{ ...HOURLY, cursorMs: NINE - HOUR_MS }],
      quarantine: { sinceMs: NINE + 2_000, reason: '{ns}/launched holds "x"', isCorrupt: true },
    },
    verdict: "held",
    cause: { kind: "quarantine", since: at("09:00:02") },
    text: 'The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. The leader has not launched the job since 2026-11-23T09:00:02Z, and tries again at growing intervals: {ns}/launched holds "x".',
  },
  shutdown: told({ code: "shutdown" }),
  no_handler: told({ code: "no_handler" }),
  run_unfinished: told({ code: "run_unfinished", by: "report@1" }),
  overlap_unknown: told({ code: "overlap_unknown" }),
  run_removed: told({ code: "run_removed" }),
  lock_gone: told({ code: "lock_gone" }),
  not_renewed: told({ code: "not_renewed" }),
  taken_again: told({ code: "taken_again" }),
  not_returned: told({ code: "not_returned" }),
  stopped_at_end: told({ code: "stopped_at_end" }),
  end_refused: told({ code: "end_refused", error: "BUSY" }),
  removed_at_end: told({ code: "removed_at_end" }),
  lock_gone_at_end: told({ code: "lock_gone_at_end" }),
  expired: told({ code: "expired" }),
  taken: told({ code: "taken" }),
  unreachable: told({ code: "unreachable" }),
  unwritable: {
    facts: run({ code: "unwritable", why: "a cycle" }, { result: "completed", attempts: 1, durationMs: 20 }),
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z completed, after 20ms. A replica noted at 2026-11-23T09:00:01Z: it cannot be written as JSON: a cycle.",
  },
  not_json: {
    facts: run({ code: "not_json", type: "function" }, { result: "completed", attempts: 2, durationMs: 20 }),
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z completed in attempt 2, after 20ms. A replica noted at 2026-11-23T09:00:01Z: it has no form in JSON: it is a function.",
  },
  too_large: {
    facts: run({ code: "too_large", bytes: 12, limitBytes: 10 }, { result: "completed", attempts: 1 }),
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z completed. A replica noted at 2026-11-23T09:00:01Z: it is 12 bytes of JSON, and 10 are kept at most.",
  },
  data_invalid: {
    facts: {
      rows: [
        launched({
          ...{ result: "failed", attempts: 1, durationMs: 3, replica: "pod-b" },
          ...{ error: "format: expected a text", endCode: "data_invalid" },
        }),
      ],
    },
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z failed on pod-b, after 3ms: format: expected a text.",
  },
  end_unknown: {
    facts: {
      rows: [
        launched({ result: "unknown", error: reasonText({ code: "end_unknown" }), endCode: "end_unknown" }),
      ],
    },
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z ended in a way that is not known: the queue's events were trimmed, and BullMQ does not have the run any more.",
  },
  end_unrecorded: {
    facts: {
      rows: [
        launched({
          result: "unknown",
          error: reasonText({ code: "end_unrecorded" }),
          endCode: "end_unrecorded",
        }),
      ],
    },
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z ended in a way that is not known: no worker has recorded it, and BullMQ does not have the run any more.",
  },
  cancelled: {
    facts: {
      rows: [
        launched({
          result: "removed",
          error: reasonText({ code: "cancelled", by: "ann" }),
          endCode: "cancelled",
        }),
      ],
    },
    verdict: "launched",
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z was removed: cancelled by ann.",
  },
};

const HELD = { ...HOURLY, cursorMs: NINE - HOUR_MS };
const NEXT = Date.UTC(2026, 10, 23, 13);
const BERLIN = { timezone: "Europe/Berlin", seed: "report" };
const HOLIDAYS = new Calendar({
  name: "holidays",
  stretches: [
    { clock: "wall", start: Date.UTC(2026, 10, 23), end: Date.UTC(2026, 10, 24), name: "Founders' Day" },
  ],
});

/** What there is besides reasons. */
const OTHERS: Readonly<Record<string, Example>> = {
  "a launch on time, and how its run ended": {
    facts: { rows: [launched({ result: "completed", attempts: 1, durationMs: 230, replica: "pod-a" })] },
    verdict: "launched",
    cause: null,
    text: "report was launched for the tick 2026-11-23T09:00:00Z, on time, in term 4. Its run report@20261123T090000Z completed on pod-a, after 230ms.",
  },
  "a launch that a gap made late": {
    facts: { rows: [launched({ lateMs: 3_012, kind: "catch-up" })], terms: [GAP] },
    verdict: "launched",
    cause: {
      kind: "leader_gap",
      gapMs: 4_200,
      since: at("08:59:58").replace(".000Z", ".800Z"),
      until: at("09:00:03"),
      term: 4,
    },
    text: "report was launched for the tick 2026-11-23T09:00:00Z, 3s12ms after it was due, in term 4. There was no leader for 4s200ms, until term 4 began at 2026-11-23T09:00:03Z: the process of the leader before died. Its run report@20261123T090000Z has not ended.",
  },
  "a launch that was held by a pause": {
    facts: {
      rows: [launched({ lateMs: HOUR_MS, kind: "catch-up" })],
      pastPauses: [{ fromMs: NINE - 60_000, toMs: NINE + HOUR_MS }],
    },
    verdict: "launched",
    cause: { kind: "pause", since: at("08:59:00"), until: at("10:00:00") },
    text: "report was launched for the tick 2026-11-23T09:00:00Z, 1h after it was due, in term 4. The job was paused by an operator since 2026-11-23T08:59:00Z until 2026-11-23T10:00:00Z. Its run report@20261123T090000Z has not ended.",
  },
  "a handoff to a newer configuration": {
    facts: {
      rows: [launched({ lateMs: 1_500 })],
      terms: [{ ...GAP, reason: "resigned", reasonCode: "resigned", cause: "generation" }],
    },
    verdict: "launched",
    cause: { kind: "generation", gapMs: 4_200, term: 4 },
    text: "report was launched for the tick 2026-11-23T09:00:00Z, 1s500ms after it was due, in term 4. There was no leader for 4s200ms, until term 4 began at 2026-11-23T09:00:03Z: the leader before made way for a newer configuration. Its run report@20261123T090000Z has not ended.",
  },
  "a step-down, and who asked for it": {
    facts: {
      rows: [launched({ lateMs: 1_500 })],
      terms: [{ ...GAP, reason: "resigned", reasonCode: "resigned", cause: "stepdown", by: "ann" }],
    },
    verdict: "launched",
    cause: { kind: "leader_gap", by: "ann" },
    text: "report was launched for the tick 2026-11-23T09:00:00Z, 1s500ms after it was due, in term 4. There was no leader for 4s200ms, until term 4 began at 2026-11-23T09:00:03Z: the leader before was asked to step down (asked by ann). Its run report@20261123T090000Z has not ended.",
  },
  "a backfill of a tick that was missed": {
    facts: {
      rows: [
        launched({ kind: "backfill", run: "report@20261123T090000Z~backfill-1", by: "bob", term: 0 }),
        passed("missed", { code: "superseded" }),
      ],
    },
    verdict: "missed",
    code: "superseded",
    text: "The tick 2026-11-23T09:00:00Z of report was missed. The catch-up policy of the job passed over it: catchUp: latest, a newer tick was due. bob filled it in with the run report@20261123T090000Z~backfill-1.",
  },
  "a reason that a later release has written": {
    facts: { rows: [rowOf({ outcome: "skipped", reason: "a new reason", reasonCode: "new_code" })] },
    verdict: "skipped",
    code: "new_code",
    cause: null,
    text: "The tick 2026-11-23T09:00:00Z of report was skipped. The reason on record: a new reason.",
  },
  "a tick that a pause holds": {
    facts: { schedules: [HELD], pause: { atMs: NINE - 60_000, by: "ann", untilMs: null, reason: null } },
    verdict: "held",
    code: "paused",
    cause: { kind: "pause", by: "ann", since: at("08:59:00") },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. The job is paused by ann since 2026-11-23T08:59:00Z.",
  },
  "a tick that waits for a run": {
    facts: { schedules: [{ ...HELD, overlap: "queue" }], waitsFor: "report@20261123T080000Z" },
    verdict: "held",
    cause: { kind: "overlap", run: "report@20261123T080000Z" },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. The run report@20261123T080000Z has not ended, and the job has overlap: queue.",
  },
  "a tick while there is no leader": {
    facts: {
      schedules: [HELD],
      leader: null,
      terms: [
        { ...GAP, at: at("07:00:00"), endedAt: at("08:59:00"), endReason: "expired", endCause: "silent" },
      ],
    },
    verdict: "held",
    cause: { kind: "leader_gap", gapMs: 3 * HOUR_MS + 90_000, since: at("08:59:00") },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. There has been no leader for 3h1m30s since 2026-11-23T08:59:00Z: the leader before gave no sign of life any more.",
  },
  "a tick while no replica may lead": {
    facts: { schedules: [HELD], leader: null, tooOld: { found: 3, proven: 4 } },
    verdict: "held",
    cause: { kind: "generation" },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. There has been no leader: the replicas carry generation 3, and generation 4 has led.",
  },
  "a tick that the leader has not decided": {
    facts: { schedules: [HELD] },
    verdict: "held",
    cause: { kind: "leader", term: 4 },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. There is a leader, in term 4 since 2026-11-23T08:00:00Z: `bellwether status` and its log say what keeps it from launching.",
  },
  "a tick of a job that was removed": {
    facts: { schedules: [HELD], isRemoved: true },
    verdict: "held",
    code: "removed",
    cause: { kind: "removed" },
    text: "The tick 2026-11-23T09:00:00Z of report has been due for 3h30s and is not decided yet. The job was removed from the configuration.",
  },
  "a tick that jitter holds back": {
    facts: {
      nowMs: NINE + 1,
      schedules: [scheduleOf({ everyMs: HOUR_MS, jitterMs: 600_000 }, { cursorMs: NINE - HOUR_MS })],
    },
    verdict: "not_yet",
    cause: { kind: "jitter" },
    text: "The tick 2026-11-23T09:00:00Z of report has not been let go yet. The job's jitter lets it go at 2026-11-23T09:09:51.136Z.",
  },
  "a tick to come": {
    facts: {},
    atMs: NEXT,
    verdict: "not_yet",
    cause: null,
    text: "The tick 2026-11-23T13:00:00Z of report comes in 59m30s.",
  },
  "a tick to come of a paused job": {
    facts: { pause: { atMs: NINE, by: "ann", untilMs: NEXT + 1, reason: "the printer is away" } },
    atMs: NEXT,
    verdict: "not_yet",
    code: "paused",
    cause: { kind: "pause", by: "ann", until: iso(NEXT + 1) },
    text: "The tick 2026-11-23T13:00:00Z of report comes in 59m30s. The job is paused by ann since 2026-11-23T09:00:00Z until 2026-11-23T13:00:00.001Z (the printer is away).",
  },
  "a tick to come after the end of a pause": {
    facts: { pause: { atMs: NINE, by: "ann", untilMs: NEXT, reason: null } },
    atMs: NEXT,
    verdict: "not_yet",
    cause: null,
    text: "The tick 2026-11-23T13:00:00Z of report comes in 59m30s.",
  },
  "a tick to come that is to be skipped": {
    facts: {
      skips: [NEXT],
      actions: [action("skip-next", at("12:00:00"), { by: "ann", reason: `tick ${iso(NEXT)}` })],
    },
    atMs: NEXT,
    verdict: "not_yet",
    code: "skip_next",
    cause: { kind: "skip_next", by: "ann", since: at("12:00:00") },
    text: "The tick 2026-11-23T13:00:00Z of report comes in 59m30s. ann asked for it to be skipped at 2026-11-23T12:00:00Z (skip-next).",
  },
  "a tick to come while the clock of Redis was ahead": {
    facts: { schedules: [{ ...HOURLY, cursorMs: NEXT + HOUR_MS }] },
    atMs: NEXT,
    verdict: "not_yet",
    cause: { kind: "silenced", until: iso(NEXT + HOUR_MS) },
    text: "The tick 2026-11-23T13:00:00Z of report comes in 59m30s. It will not be launched: the clock of Redis was ahead, so ticks until 2026-11-23T14:00:00Z count as decided.",
  },
  "an instant beside the ticks": {
    facts: {},
    atMs: NINE + 60_000,
    verdict: "not_a_tick",
    cause: null,
    text: "report has no tick at 2026-11-23T09:01:00Z. Of its ticks the one before is 2026-11-23T09:00:00Z, and the next is 2026-11-23T10:00:00Z.",
  },
  "a tick that a calendar takes away": {
    facts: {
      schedules: [
        scheduleOf({
          ...BERLIN,
          cron: ["0 * * * *"],
          except: ["calendar:holidays"],
          calendars: { holidays: HOLIDAYS },
        }),
      ],
    },
    verdict: "not_a_tick",
    cause: { kind: "calendar", reason: "calendar holidays (Founders' Day)" },
    text: "report has no tick at 2026-11-23T09:00:00Z (2026-11-23 10:00 CET). It is excluded by the calendar holidays (Founders' Day). Of its ticks the one before is 2026-11-22T22:00:00Z (2026-11-22 23:00 CET), and the next is 2026-11-23T23:00:00Z (2026-11-24 00:00 CET).",
  },
  "a tick that an exception takes away": {
    facts: { schedules: [scheduleOf({ cron: ["0 * * * *"], except: ["2026-11-23"] })] },
    verdict: "not_a_tick",
    cause: { kind: "except" },
    text: "report has no tick at 2026-11-23T09:00:00Z. It is excluded by except 2026-11-23. Of its ticks the one before is 2026-11-22T23:00:00Z, and the next is 2026-11-24T00:00:00Z.",
  },
  "a tick before the start": {
    facts: { schedules: [scheduleOf({ cron: ["0 * * * *"], startMs: NINE + HOUR_MS })] },
    verdict: "not_a_tick",
    cause: { kind: "bounds" },
    text: "report has no tick at 2026-11-23T09:00:00Z. It is before start 2026-11-23T10:00:00Z. Of its ticks the next is 2026-11-23T10:00:00Z.",
  },
  "an hour that spring skips": {
    facts: {
      nowMs: Date.UTC(2026, 2, 29, 12),
      schedules: [
        scheduleOf(
          { ...BERLIN, cron: ["30 2 * * *"], dst: { gap: "skip", overlap: "first" } },
          { fromMs: 0, cursorMs: Date.UTC(2026, 2, 29, 12) },
        ),
      ],
    },
    atMs: Date.UTC(2026, 2, 29, 1, 30),
    verdict: "not_a_tick",
    cause: { kind: "dst" },
    text: "report has no tick at 2026-03-29T01:30:00Z (2026-03-29 03:30 CEST). Daylight saving: 02:30 does not exist on this day, and dst.gap: skip drops the tick. Of its ticks the one before is 2026-03-28T01:30:00Z (2026-03-28 02:30 CET), and the next is 2026-03-30T00:30:00Z (2026-03-30 02:30 CEST).",
  },
  "an hour that autumn repeats": {
    facts: {
      nowMs: Date.UTC(2026, 9, 25, 12),
      schedules: [
        scheduleOf({ ...BERLIN, cron: ["30 2 * * *"] }, { fromMs: 0, cursorMs: Date.UTC(2026, 9, 25, 12) }),
      ],
    },
    atMs: Date.UTC(2026, 9, 25, 1, 30),
    verdict: "not_a_tick",
    cause: { kind: "dst" },
    text: "report has no tick at 2026-10-25T01:30:00Z (2026-10-25 02:30 CET). Daylight saving: second pass of a repeated hour, and dst.overlap: first launches at the first pass only. Of its ticks the one before is 2026-10-25T00:30:00Z (2026-10-25 02:30 CEST), and the next is 2026-10-26T01:30:00Z (2026-10-26 02:30 CET).",
  },
  "a tick that spring has shifted": {
    facts: {
      nowMs: Date.UTC(2026, 2, 29, 12),
      schedules: [
        scheduleOf({ ...BERLIN, cron: ["30 2 * * *"] }, { fromMs: 0, cursorMs: Date.UTC(2026, 2, 29, 12) }),
      ],
      rows: [launched({ tick: "2026-03-29T01:30:00.000Z", run: "report@20260329T013000Z" })],
    },
    atMs: Date.UTC(2026, 2, 29, 1, 30),
    verdict: "launched",
    cause: null,
    text: "report was launched for the tick 2026-03-29T01:30:00Z (2026-03-29 03:30 CEST), on time, in term 4. Daylight saving: shifted by +1h: 02:30 does not exist on this day. Its run report@20260329T013000Z has not ended.",
  },
  "a tick of a job that has finished": {
    facts: { schedules: [{ ...HOURLY, maxRuns: 3 }], isFinished: true },
    atMs: NEXT,
    verdict: "not_a_tick",
    cause: { kind: "finished" },
    text: "report has no tick at 2026-11-23T13:00:00Z. The job has finished: it has launched 3 ticks (maxRuns). Of its ticks the one before is 2026-11-23T12:00:00Z.",
  },
  "a tick from before the history": {
    facts: { historySinceMs: NINE + 1_000 },
    verdict: "unknown",
    cause: { kind: "record", since: at("09:00:01") },
    text: "It is not on record what became of the tick 2026-11-23T09:00:00Z of report. Its history begins at 2026-11-23T09:00:01Z.",
  },
  "a tick from before the job": {
    facts: { schedules: [{ ...HOURLY, fromMs: NINE + 60_000 }] },
    verdict: "unknown",
    code: "job_unknown",
    cause: { kind: "new_job", until: at("09:01:00") },
    text: "No tick of report was decided at 2026-11-23T09:00:00Z. Redis did not know the job before 2026-11-23T09:01:00Z, or has lost what it knew.",
  },
  "a job that no leader has led": {
    facts: { schedules: [{ ...HOURLY, cursorMs: null, fromMs: Number.NEGATIVE_INFINITY }], leader: null },
    verdict: "unknown",
    code: "job_unknown",
    cause: { kind: "new_job" },
    text: "No tick of report was decided at 2026-11-23T09:00:00Z. No leader has led the job yet.",
  },
  "a job of which only the history is there": {
    facts: { schedules: [] },
    verdict: "unknown",
    cause: null,
    text: "It is not on record what became of the tick 2026-11-23T09:00:00Z of report.",
  },
};

function expectExample({ facts, atMs = NINE, verdict, cause, text }: Example, code: string | null): void {
  const found = explainWhy(factsWith(facts), atMs);
  expect(found).toMatchObject({ job: "report", at: iso(atMs), verdict, reasonCode: code, text });
  if (cause !== undefined)
    expect(found.cause).toEqual(cause === null ? null : expect.objectContaining(cause));
}

describe("why", () => {
  it.each(Object.entries(REASONS))("explains %s", (code, example) => {
    expectExample(example, example.code === undefined ? code : example.code);
  });

  it.each(Object.entries(OTHERS))("explains %s", (_, example) => {
    expectExample(example, example.code ?? null);
  });
});

describe("a tick whose details were folded", () => {
  const MINUTELY = scheduleOf({ everyMs: 60_000 });
  const counts = { completed: 60, asked: 0, failed: 0, skipped: 0, missed: 0, lost: 0, open: 0 };
  const hourOf = (more: Partial<typeof counts> = {}, about: Partial<HistoryRow> = { from: iso(NINE) }) =>
    rowOf({ outcome: "folded", tick: iso(NINE + HOUR_MS - 1), folded: { ...counts, ...more }, ...about });
  const askAbout = (rows: readonly HistoryRow[], more: Partial<WhyFacts> = {}) =>
    explainWhy(factsWith({ schedules: [MINUTELY], rows, ...more }), NINE + 60_000);

  it("was launched and its run completed where the counts have every tick of the hour", () => {
    const why = askAbout([hourOf()]);
    expect(why).toMatchObject({
      ...{ verdict: "launched", result: "completed", run: null, tick: iso(NINE + 60_000), reasonCode: null },
      cause: { kind: "folded", since: iso(NINE), until: iso(NINE + HOUR_MS - 1), reason: "60 completed" },
    });
    expect(why.text).toBe(
      "report was launched for the tick 2026-11-23T09:01:00Z, and its run completed. Of the runs and ticks of the hour from " +
        "2026-11-23T09:00:00Z only counts are kept (history.memory): 60 completed.",
    );
  });

  it("was launched where the others of the hour are counted or on record", () => {
    expect(askAbout([hourOf({ completed: 57 })], { rowsInHour: 3 })).toMatchObject({ verdict: "launched" });
  });

  it.each([
    ["a tick of the hour is missing", [hourOf({ completed: 59 })], {}],
    ["another count may have it", [hourOf({ completed: 59, failed: 1 })], {}],
    ["only the sum of many hours is left", [hourOf({ completed: 900 }, {})], {}],
    [
      "the schedule was another one in a part of the hour",
      [hourOf()],
      {
        schedules: [{ ...MINUTELY, fromMs: NINE + 30_000 }],
      },
    ],
  ] as const)("is not known where %s", (_, rows, more) => {
    const why = askAbout(rows, more);
    expect(why).toMatchObject({ verdict: "unknown", result: null, cause: { kind: "folded" } });
    expect(why.text).toContain("It is not on record by itself what became of the tick");
  });
});
