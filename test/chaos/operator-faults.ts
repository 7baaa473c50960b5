import { type Act, type Acts, allOf, type Faults, NOTHING_TO_HEAL, target, variantOf } from "./act.ts";
import { REMOVED } from "./chaos-jobs.ts";
import type { Step } from "./fault-script.ts";
import type { Injected } from "./servers.ts";

/** What operators do; they give their commands from the machine of some replica, whatever is wrong with it. */
export const OPERATOR_FAULTS: Acts = {
  "pause and resume": pauseAndResume,
  "skip-next": skipNext,
  trigger,
  backfill,
  stepdown,
  "live edit": edit(),
  "edit of except": edit("edited-except"),
  "edit of a calendar": edit("edited-calendar"),
  "edit of maxRuns": edit("edited-max-runs"),
  "removal of a job": remove,
  deploy: rollOut(1),
  rollback: rollOut(-1),
};

export const PAUSED = [
  "paused-all",
  "paused-latest",
  "paused-none",
  "edited-period",
  "edited-policy",
] as const;
const ORDERED = ["steady-0", "steady-1", "steady-2", "jittered"] as const;
const RESUME_TRIES = 20;

async function pauseAndResume(faults: Faults, step: Step): Promise<Injected> {
  const { configDir } = target(faults, step);
  const job = variantOf(PAUSED, step);
  const pausing = faults.desk.give({ action: "pause", job, configDir });
  return {
    what: `pause ${job} for ${step.holdMs} ms`,
    heal: async () => {
      await pausing;
      for (let tries = 0; tries < RESUME_TRIES; tries++) {
        if (await faults.desk.give({ action: "resume", job, configDir })) return;
      }
      throw new Error(`${job} could not be resumed`);
    },
  };
}

async function skipNext(faults: Faults, step: Step): Promise<Injected> {
  const { configDir } = target(faults, step);
  const job = variantOf(ORDERED, step);
  const given = faults.desk.give({ action: "skip-next", job, configDir });
  return { what: `skip-next ${job}`, heal: async () => void (await given) };
}

async function trigger(faults: Faults, step: Step): Promise<Injected> {
  const { configDir } = target(faults, step);
  const job = variantOf(ORDERED, step);
  const given = faults.desk.give({ action: "trigger", job, configDir });
  return { what: `trigger ${job}`, heal: async () => void (await given) };
}

const LONG_AGO_MS = [40_000, 35_000] as const;
const JUST_NOW_MS = [4_000, 300] as const;
const SECOND_MS = 1_000;

/** Ticks of a while ago, or those of a moment ago, some of which jitter may hold. */
async function backfill(faults: Faults, step: Step): Promise<Injected> {
  const { configDir } = target(faults, step);
  const job = variantOf(ORDERED, step);
  const [fromAgoMs, toAgoMs] = step.pick % 2 === 0 ? LONG_AGO_MS : JUST_NOW_MS;
  const at = (agoMs: number) => new Date(Date.now() - agoMs).toISOString();
  const args = ["--from", at(fromAgoMs), "--to", at(toAgoMs)];
  const most = Math.ceil((fromAgoMs - toAgoMs) / SECOND_MS) + 1;
  const given = faults.desk.give({ action: "backfill", job, configDir, args, most });
  return { what: `backfill ${job} ${args.join(" ")}`, heal: async () => void (await given) };
}

async function stepdown(faults: Faults, step: Step): Promise<Injected> {
  const { configDir } = target(faults, step);
  const given = faults.desk.give({ action: "stepdown", configDir });
  return { what: "stepdown", slots: allOf(faults), heal: async () => void (await given) };
}

function edit(name?: string): Act {
  return async ({ config, group }, { pick }) => {
    const changed = await config.edit(group, pick, name);
    return changed === null ? null : { what: `edited: ${changed}`, heal: NOTHING_TO_HEAL };
  };
}

/** One of them, or another one where that is removed already. */
async function remove({ config, group }: Faults, step: Step): Promise<Injected | null> {
  const first = REMOVED.indexOf(variantOf(REMOVED, step));
  for (const { name } of [...REMOVED.slice(first), ...REMOVED.slice(0, first)]) {
    const heal = await config.remove(group, name);
    if (heal !== null) return { what: `${name} removed for ${step.holdMs} ms`, heal };
  }
  return null;
}

function rollOut(direction: 1 | -1): Act {
  return async (faults, { pick }) => {
    const rollout = faults.config.rollOut(faults.group, direction, pick);
    if (rollout === null) return null;
    return { what: rollout.what, slots: allOf(faults), heal: () => rollout.done };
  };
}
