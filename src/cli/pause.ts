import { type PauseResult, pauseJob, pauseJobs } from "../client/pausing.ts";
import { jobChange } from "./change-jobs.ts";

/** No tick of the job is launched until it is resumed. A job that is paused already stays paused: no failure. */
export const pause = jobChange<PauseResult>({
  one: pauseJob,
  many: pauseJobs,
  lineOf: ({ result: { job, since }, before }) =>
    before === null
      ? `paused ${job}; its ticks are skipped, or kept by its catchUp policy, until it is resumed`
      : `${job} is paused already, since ${since}, by ${before.by}`,
});
