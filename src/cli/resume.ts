import type { Command } from "commander";
import { type ResumeResult, resumeJob, resumeJobs } from "../client/pausing.ts";
import { declareJobChange, type JobChange } from "./change-jobs.ts";
import type { Does } from "./command.ts";

/** The job's ticks are launched again. A job that is not paused stays as it is: no failure. */
const RESUME: JobChange<ResumeResult> = {
  one: resumeJob,
  many: resumeJobs,
  lineOf: ({ result: { job }, before }) =>
    before === null
      ? `${job} is not paused`
      : `resumed ${job}, which ${before.by} paused at ${new Date(before.atMs).toISOString()}`,
};

export function declareCommand(command: Command, does: Does): void {
  declareJobChange(command, does, RESUME);
}
