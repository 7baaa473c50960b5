import type { Act, Acts, Faults } from "./act.ts";
import type { Sweep } from "./sweeper.ts";
import { retried } from "./until-done.ts";

/** What people and programs do to a queue of BullMQ while Bellwether uses it. */
export const QUEUE_FAULTS: Acts = {
  "BullMQ: remove": sweep("one run removed", async (queue, unfinished) => {
    for (const run of unfinished.toReversed()) if ((await queue.remove(run)) === 1) return;
  }),
  "BullMQ: clean": sweep("waiting and completed runs cleaned", async queue => {
    await queue.clean(0, CLEANED, "wait");
    await queue.clean(0, CLEANED, "completed");
  }),
  "BullMQ: drain": sweep("drained", queue => queue.drain()),
  "BullMQ: obliterate": sweep("obliterated", queue => queue.obliterate({ force: true }), true),
  "BullMQ: pause": async (faults, { holdMs }) => {
    const redis = await faults.admin();
    const queue = faults.sweeper.open(redis);
    await queue.pause();
    await queue.close();
    return {
      what: `the queue paused for ${holdMs} ms`,
      heal: () => resume(faults),
    };
  },
};

const CLEANED = 1_000;
/** Longer than a run, so that there are some behind it. */
const PAUSED_MS = 1_500;

function sweep(what: string, act: Sweep, deletesEvents = false): Act {
  return async (faults, { variant }) => {
    // A failover may take a removal back: what was removed is then not known, and the judge would be wrong about the run.
    if (faults.isFailingOver()) return null;
    const redis = await faults.admin();
    const pausedForMs = variant < 0.6 ? PAUSED_MS : 0;
    const swept = faults.sweeper.sweep(redis, { pausedForMs, deletesEvents }, act);
    // `heal` reports it when it has finished.
    swept.catch(() => undefined);
    return {
      what: pausedForMs > 0 ? `paused, then ${what}` : what,
      heal: () =>
        swept.catch(async (error: unknown) => {
          faults.note(`not all of it: ${what}: ${error}`);
          await resume(faults);
        }),
    };
  };
}

function resume(faults: Faults): Promise<void> {
  return retried(async () => faults.sweeper.resume(await faults.admin()));
}
