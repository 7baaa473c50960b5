import type { ImportedJob, ImportedJobs } from "./imported-jobs.ts";

/** The same jobs, none of which has a tick before that instant: the moment at which they take over. */
export function beginAt(imported: ImportedJobs, start: string): ImportedJobs {
  return { ...imported, jobs: imported.jobs.map(job => startedAt(job, start)) };
}

function startedAt(job: ImportedJob, start: string): ImportedJob {
  const own = job.definition["start"];
  if (typeof own === "string" && Date.parse(own) > Date.parse(start)) return job;
  const { cron, every, ...others } = job.definition;
  const when = cron === undefined ? { every } : { cron };
  return { ...job, definition: { ...when, ...others, start } };
}
