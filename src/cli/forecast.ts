import { type Forecast, forecastOf, type ForecastOptions as Query } from "../client/forecast.ts";
import { type ClusterOptions, either } from "./cluster-session.ts";
import { parseInstant } from "./instant.ts";
import { EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { findJob, loadProject } from "./project.ts";
import { renderTable } from "./table.ts";

interface ForecastOptions extends ClusterOptions {
  readonly days: number;
  readonly from?: string;
  readonly json?: boolean;
}

/** Says how many ticks are launched in each hour of the coming days, and which jobs collide. Needs no server. */
export async function forecast(name: string | undefined, options: ForecastOptions, io: Io): Promise<number> {
  const { days } = options;
  const from = options.from === undefined ? undefined : new Date(parseInstant("--from", options.from));
  const found = await either(
    options,
    io,
    api => api.forecast({ days, job: name, from }),
    () => localForecast(name, { days, from }, options, io),
  );
  io.out(options.json ? jsonText(found, 2) : renderForecast(found));
  return EXIT.done;
}

async function localForecast(
  name: string | undefined,
  query: Pick<Query, "days" | "from">,
  options: ForecastOptions,
  io: Io,
): Promise<Forecast> {
  const config = await loadProject(options, io);
  const jobs = name === undefined ? config.jobs : [findJob(config, name)];
  return await forecastOf(jobs, query);
}

function renderForecast({ from, to, buckets, worst, quiet, total }: Forecast): string {
  const byHour = new Map<string, number>();
  for (const [at, count] of buckets) {
    const hour = `${at.slice(0, 13)}:00`;
    byHour.set(hour, (byHour.get(hour) ?? 0) + count);
  }
  const most = Math.max(...byHour.values(), 1);
  const bar = (count: number) => "#".repeat(Math.max(1, Math.round((count / most) * BAR_WIDTH)));
  const hours = [...byHour].map(([hour, count]) => [hour, String(count), bar(count)]);
  const collisions = worst.map(({ at, count, jobs }) => [at, String(count), jobs.join(", ")]);
  return [
    `${total} launches from ${from} to ${to}; the next quiet minute is ${quiet}\n`,
    ...(hours.length === 0 ? [] : [renderTable(["HOUR (UTC)", "LAUNCHES", ""], hours)]),
    ...(collisions.length === 0
      ? ["no two jobs are launched in the same minute\n"]
      : [renderTable(["WORST MINUTE (UTC)", "LAUNCHES", "JOBS"], collisions)]),
  ].join("\n");
}

const BAR_WIDTH = 40;
