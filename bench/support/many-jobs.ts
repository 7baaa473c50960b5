/** Very many jobs with few expressions, due once a year. */
const EXPRESSIONS = 500;
const ZONES = ["Europe/Berlin", "America/New_York", "UTC", "Asia/Tokyo"];
const JOBS_A_FILE = 100_000;

function jobOf(index: number) {
  const expression = index % EXPRESSIONS;
  return {
    cron: `${expression % 60} ${3 + Math.floor(expression / 60)} 1 1 *`,
    timezone: ZONES[expression % ZONES.length],
    handler: "task",
    catchUp: "latest",
    retry: { attempts: 3 },
    data: { customer: index, kind: "daily" },
  };
}

/** The jobs files, by their names. */
export function jobsFiles(count: number, format: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (let from = 0; from < count; from += JOBS_A_FILE) {
    const length = Math.min(JOBS_A_FILE, count - from);
    const jobs = Array.from({ length }, (_, i) => [`customer-${from + i}`, jobOf(from + i)] as const);
    files[`config/jobs/part-${from}.${format}`] =
      format === "json" ? JSON.stringify({ jobs: Object.fromEntries(jobs) }, null, 2) : yamlOf(jobs);
  }
  return files;
}

function yamlOf(jobs: readonly (readonly [string, ReturnType<typeof jobOf>])[]): string {
  const lines = jobs.map(([name, job]) => {
    const keys = Object.entries(job).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}\n`);
    return `  ${name}:\n${keys.join("")}`;
  });
  return `jobs:\n${lines.join("")}`;
}
