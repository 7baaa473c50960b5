import type { Mutant } from "./mutant.ts";

const LEADER_TESTS = ["test/unit/leader/epochs.test.ts"];
const REDIS_TESTS = ["test/integration/epochs.test.ts"];
const PLAN_TESTS = ["test/unit/schedule/plan.test.ts"];

/** When a schedule is in force, and from when its ticks count as late. */
export const EPOCH_MUTANTS: readonly Mutant[] = [
  {
    name: "epoch-without-end",
    rule: "a closed epoch has no tick after its end",
    file: "src/schedule/bounded-schedule.ts",
    find: "tick !== null && tick.at <= this.#untilMs ? tick : null",
    replace: "tick",
    tests: [...LEADER_TESTS, ...REDIS_TESTS],
  },
  {
    name: "epoch-ends-before-cursor",
    rule: "an epoch ends no earlier than its cursor",
    file: "src/launch/define.lua",
    find: "math.max(now, tonumber(cursor))",
    replace: "now",
    tests: REDIS_TESTS,
  },
  {
    name: "epoch-cursor-lost",
    rule: "a closed epoch keeps its cursor",
    file: "src/launch/define.lua",
    find: "redis.call('HSET', KEYS[5], epoch, cursor)",
    replace: "redis.call('HSET', KEYS[5], epoch, begins)",
    tests: REDIS_TESTS,
  },
  {
    name: "epoch-late-definition",
    rule: "a definition that arrives when the term has been opened again changes nothing",
    file: "src/launch/define.lua",
    find: "if redis.call('GET', KEYS[9]) ~= ARGV[5] then return {'late'} end",
    replace: "",
    tests: REDIS_TESTS,
  },
  {
    name: "epoch-older-release-believed",
    rule: "a definition says nothing after an older release has led with another schedule",
    file: "src/launch/define.lua",
    find: "local is_stored = was and legacy_was == led_with",
    replace: "local is_stored = was",
    tests: REDIS_TESTS,
  },
  {
    name: "epoch-jitter-no-change",
    rule: "an edit of jitter is a change of the schedule",
    file: "src/launch/definition.ts",
    find: "...[SCHEDULE_RULES, schedule.fingerprint, schedule.jitterMs, maxRuns, catchUp],",
    replace: "...[SCHEDULE_RULES, schedule.fingerprint, maxRuns, catchUp],",
    tests: REDIS_TESTS,
  },
  {
    name: "epoch-plan-unguarded",
    rule: "a launch of a closed epoch is void when that epoch's cursor moved",
    file: "src/launch/cursors.ts",
    find: "readInstants(redis, keys.epochCursors, closed),",
    replace: "readInstants(redis, keys.cursors, closed),",
    tests: REDIS_TESTS,
  },
  {
    name: "epoch-runs-not-shared",
    rule: "the schedules of a job share its maxRuns",
    file: "src/schedule/plan.ts",
    find: "job.runsLeft === undefined || launched === 0 ? job",
    replace: "job.runsLeft === undefined || launched >= 0 ? job",
    tests: PLAN_TESTS,
  },
  {
    name: "epoch-finished-while-held",
    rule: "an epoch is finished when all its ticks are decided",
    file: "src/leader/term-state.ts",
    find: "epoch.schedule.next(this.#cursors.get(lane) as number) === null ||",
    replace: "this.controls.paused.has(this.#lane(lane).job) ||",
    tests: LEADER_TESTS,
  },
  {
    name: "epoch-removal-at-once",
    rule: "a removal is certain after two answers that nothing is carried elsewhere",
    file: "src/leader/retirement.ts",
    find: "this.#agreements = isAgreed ? this.#agreements + 1 : 0;",
    replace: "this.#agreements += 1;",
    tests: LEADER_TESTS,
  },
  {
    name: "window-from-tick",
    rule: "catchUpWindow counts from when a tick is due",
    file: "src/schedule/catch-up.ts",
    find: "return firstDueFrom(schedule, cursor, nowMs - catchUpWindowMs);",
    replace: "return Math.max(cursor + 1, schedule.next(nowMs - catchUpWindowMs - 1)?.at ?? 0);",
    tests: PLAN_TESTS,
  },
  {
    name: "past-pause-forgotten",
    rule: "ticks that passed during a pause are skipped as paused by whichever leader comes",
    file: "src/leader/term-state.ts",
    find: "pauses: past,",
    replace: "",
    tests: LEADER_TESTS,
  },
  {
    name: "lateness-from-tick",
    rule: "what jitter holds back is not late",
    file: "src/launch/history.ts",
    find: "nowMs - dueAtMs));",
    replace: "nowMs - Math.min(dueAtMs, tickAtMs)));",
    tests: ["test/integration/launcher.test.ts"],
  },
];
