import { describe, expect, it } from "vitest";
import { OverdueAlarm } from "../../../src/alarm/overdue-alarm.ts";
import type { Job } from "../../../src/config/config.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";

function setup(schedule: Parameters<typeof jobOf>[2] = {}) {
  const clock = new ManualClock();
  const recorder = new Recorder();
  const cursors = { value: clock.nowMs() as number | null, fails: false };
  const waits = new Map<string, number>();
  const job = jobOf("report", {}, { everyMs: 60_000, ...schedule });
  /** Of schedules that were in force before. */
  const closed: { schedule: Job["schedule"]; cursor: number }[] = [];
  const alarm = new OverdueAlarm({
    jobs: [job],
    clock,
    events: recorder.events,
    readLanes: async () => {
      if (cursors.fails) throw new Error("away");
      const { value } = cursors;
      const lanes = value === null ? [] : [...closed, { schedule: job.schedule, cursor: value }];
      return new Map([[job.name, lanes]]);
    },
    readWaits: async () => waits,
  });
  alarm.checks.start();
  return { clock, recorder, cursors, closed, waits, alarm };
}

describe("the overdue alarm", () => {
  it("says that a job is overdue a minute after its tick, then at doubling intervals", async () => {
    const { clock, recorder, alarm } = setup();
    await clock.advance(60_000 + 59_000);
    expect(recorder.of("job.overdue")).toEqual([]);
    await clock.advance(20 * 60_000);
    const told = recorder.of("job.overdue");
    expect(told.map(event => event.tick)).toEqual(told.map(() => "2026-11-23T07:01:00.000Z"));
    expect(told.map(event => event.forMs / 60_000)).toEqual([1, 2, 4, 8, 16]);
    await alarm.checks.stop();
  });

  it("waits for a tick that its jitter holds", async () => {
    const { clock, recorder, cursors, alarm } = setup({ jitterMs: 50_000 });
    const { schedule } = jobOf("report", {}, { everyMs: 60_000, jitterMs: 50_000 });
    // The tick with the longest jitter of the coming hour is the next one.
    const ticks = Array.from({ length: 60 }, (_, i) => clock.nowMs() + (i + 1) * 60_000);
    const tick = ticks.toSorted((a, b) => schedule.jitterOf(b) - schedule.jitterOf(a))[0] ?? 0;
    cursors.value = tick - 1;
    await clock.advance(tick + schedule.jitterOf(tick) + 59_000 - clock.nowMs());
    expect(recorder.of("job.overdue")).toEqual([]);
    await clock.advance(21_000);
    expect(recorder.of("job.overdue")).toHaveLength(1);
    await alarm.checks.stop();
  });

  it("tells of a tick that the schedule before the last change left undecided", async () => {
    const { clock, recorder, cursors, closed, alarm } = setup();
    const tick = clock.nowMs() + 1_000;
    closed.push({ schedule: jobOf("report", {}, { at: [tick] }).schedule, cursor: clock.nowMs() });
    cursors.value = clock.nowMs() + 30_000;
    await clock.advance(100_000);
    expect(recorder.of("job.overdue").map(event => event.tick)).toEqual([new Date(tick).toISOString()]);
    closed.pop();
    cursors.value = clock.nowMs();
    await clock.advance(20_000);
    expect(alarm.overdueMs()).toEqual(new Map());
    await alarm.checks.stop();
  });

  it("counts from the end of the run that the tick waited for, and says nothing before", async () => {
    const { clock, recorder, waits, alarm } = setup();
    waits.set("report", Number.POSITIVE_INFINITY);
    await clock.advance(10 * 60_000);
    waits.set("report", clock.nowMs());
    await clock.advance(59_000);
    expect(recorder.of("job.overdue")).toEqual([]);
    await clock.advance(21_000);
    expect(recorder.of("job.overdue")).toMatchObject([{ tick: "2026-11-23T07:01:00.000Z" }]);
    await alarm.checks.stop();
  });

  it("starts anew when the job caught up", async () => {
    const { clock, recorder, cursors, alarm } = setup();
    await clock.advance(4 * 60_000);
    const before = recorder.of("job.overdue").length;
    cursors.value = clock.nowMs();
    await clock.advance(60_000);
    await clock.advance(80_000);
    expect(recorder.of("job.overdue").slice(before)).toMatchObject([{ forMs: expect.any(Number) }]);
    await alarm.checks.stop();
  });

  it("tells how long which jobs have been overdue by now, until they caught up", async () => {
    const { clock, cursors, alarm } = setup();
    await clock.advance(60_000 + 59_000);
    expect(alarm.overdueMs()).toEqual(new Map());
    await clock.advance(6_000);
    expect(alarm.overdueMs()).toEqual(new Map([["report", 65_000]]));
    cursors.fails = true;
    await clock.advance(60_000);
    expect(alarm.overdueMs()).toEqual(new Map([["report", 125_000]]));
    Object.assign(cursors, { value: clock.nowMs(), fails: false });
    await clock.advance(20_000);
    expect(alarm.overdueMs()).toEqual(new Map());
    await alarm.checks.stop();
  });

  it("says that a job is silenced when its cursor lies in the future", async () => {
    const { clock, recorder, cursors, alarm } = setup();
    cursors.value = clock.nowMs() + 24 * 60 * 60_000;
    await clock.advance(60 * 60_000);
    expect(recorder.of("job.silenced")).toMatchObject([{ until: "2026-11-24T07:00:00.000Z" }]);
    expect(recorder.of("job.overdue")).toEqual([]);
    await alarm.checks.stop();
  });

  it("tells how long a silenced job still will be", async () => {
    const { clock, cursors, alarm } = setup();
    const untilMs = clock.nowMs() + 10 * 60_000;
    cursors.value = untilMs;
    await clock.advance(30_000);
    expect(alarm.silencedMs()).toEqual(new Map([["report", untilMs - clock.nowMs()]]));
    await clock.advance(10 * 60_000);
    expect(alarm.silencedMs()).toEqual(new Map());
    await alarm.checks.stop();
  });

  it("counts ticks that fall due while the store is away, by what it read last, and leaves the log alone", async () => {
    const { clock, recorder, cursors, alarm } = setup();
    await clock.advance(30_000);
    expect(alarm.overdueMs()).toEqual(new Map());
    cursors.fails = true;
    await clock.advance(95_000);
    expect(alarm.overdueMs()).toEqual(new Map([["report", 65_000]]));
    expect(recorder.of("job.overdue")).toEqual([]);
    Object.assign(cursors, { value: clock.nowMs(), fails: false });
    await clock.advance(20_000);
    expect(alarm.overdueMs()).toEqual(new Map());
    await alarm.checks.stop();
  });

  it.each([
    ["a job that has no cursor yet", { value: null, fails: false }],
    ["a store that does not answer", { value: 0, fails: true }],
  ])("says nothing about %s", async (_, state) => {
    const { clock, recorder, cursors, alarm } = setup();
    Object.assign(cursors, state);
    await clock.advance(10 * 60_000);
    expect(recorder.of("job.overdue")).toEqual([]);
    await alarm.checks.stop();
  });

  it("reads the cursors of quiet jobs in turn, and finds each that another program moved", async () => {
    const clock = new ManualClock();
    const recorder = new Recorder();
    const startMs = clock.nowMs();
    const yearly = jobOf("yearly", {}, { at: [startMs + 365 * 24 * 60 * 60_000] });
    const jobs = Array.from({ length: 12_000 }, (_, i): Job => ({ ...yearly, name: `job-${i}` }));
    let moved = "";
    let asked = 0;
    const alarm = new OverdueAlarm({
      jobs,
      clock,
      events: recorder.events,
      readLanes: async page => {
        asked += page.length;
        const cursorOf = (name: string) => (name === moved ? startMs + 24 * 60 * 60_000 : startMs);
        return new Map(
          page.map(({ name, schedule }) => [name, [{ schedule, cursor: cursorOf(name) }]] as const),
        );
      },
      readWaits: async () => new Map(),
    });
    alarm.checks.start();
    await clock.advance(20_000);
    expect(asked).toBe(12_000);
    await clock.advance(20_000);
    expect(asked).toBe(17_000);
    for (const job of ["job-0", "job-11999", "job-4999"]) {
      moved = job;
      await clock.advance(80_000);
      expect(recorder.of("job.silenced").at(-1)).toMatchObject({ job });
    }
    await alarm.checks.stop();
  });
});
