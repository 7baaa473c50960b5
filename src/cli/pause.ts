import { type PauseResult, pauseJob, pauseJobs } from "../client/pausing.ts";
import { printable } from "../config/document/describe.ts";
import { jobChange, resultsOf } from "./change-jobs.ts";

/** No tick of the job is launched until it is resumed. A job that is paused already stays paused: no failure. */
export const pause = jobChange<PauseResult>({
  one: pauseJob,
  many: pauseJobs,
  overHttp: async (api, jobs, options) => resultsOf(await api.pauseMany(jobs, options)),
  lineOf: ({ result: { job, since, until, reason }, before }) => {
    if (before === null) {
      const end = until === null ? "until it is resumed" : `until ${until}`;
      return `paused ${job}; its ticks are skipped, or kept by its catchUp policy, ${end}`;
    }
    const more = [until === null ? "" : `, until ${until}`, reason === null ? "" : `: ${reason}`];
    return printable(`${job} is paused already, since ${since}, by ${before.by}${more.join("")}`);
  },
});
