import { type ResumeResult, resumeJob, resumeJobs } from "../client/pausing.ts";
import { jobChange } from "./change-jobs.ts";

/** The job's ticks are launched again. A job that is not paused stays as it is: no failure. */
export const resume = jobChange<ResumeResult>({
  one: resumeJob,
  many: resumeJobs,
  lineOf: ({ result: { job }, before }) =>
    before === null
      ? `${job} is not paused`
      : `resumed ${job}, which ${before.by} paused at ${new Date(before.atMs).toISOString()}`,
});
