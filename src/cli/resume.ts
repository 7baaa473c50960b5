import { type ResumeResult, resumeJob, resumeJobs } from "../client/pausing.ts";
import { jobChange, resultsOf } from "./change-jobs.ts";

/** The job's ticks are launched again. A job that is not paused stays as it is: no failure. */
export const resume = jobChange<ResumeResult>({
  one: (cluster, job) => resumeJob(cluster, job),
  many: (cluster, pattern) => resumeJobs(cluster, pattern),
  overHttp: async (api, jobs) => resultsOf(await api.resumeMany(jobs)),
  lineOf: ({ result: { job }, before }) =>
    before === null
      ? `${job} is not paused`
      : `resumed ${job}, which ${before.by} paused at ${new Date(before.atMs).toISOString()}`,
});
