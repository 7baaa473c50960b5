import { afterAll, beforeAll, expect, type TestContext } from "vitest";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { type LogLine, ReplicaProcess } from "./replica-process.ts";
import { Site, type SiteOptions } from "./site.ts";

/** A Redis for a test file, and sites on it, each of which goes away with its test; tests may run side by side. */
export function useSites() {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  return async (context: TestContext, options: Omit<SiteOptions, "redisUrl">): Promise<Site> => {
    const site = await Site.create({ redisUrl: redis.url, ...options });
    context.onTestFailed(() => console.log(site.transcript()));
    context.onTestFinished(async () => {
      await site.dispose();
      for (const { noise } of site.replicas) expect(noise).toEqual([]);
    });
    return site;
  };
}

/** A replica of the site that reads another configuration folder of the project, or has more in its environment. */
export function startWith(
  site: Site,
  { configDir = site.project.configDir, env = {}, args = [] }: StartOptions,
): ReplicaProcess {
  const { dir } = site.project;
  const replica = new ReplicaProcess(["--config", configDir, ...args], { SITE_DIR: dir, ...env }, dir);
  site.replicas.push(replica);
  return replica;
}

export interface StartOptions {
  readonly configDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** The replica that was elected last, once somebody leads. */
export async function leaderOf(site: Site): Promise<ReplicaProcess> {
  await site.when("leader.elected");
  const elected = site.replicas
    .flatMap(replica =>
      replica.lines.filter(isElection).map(line => ({ replica, term: Number(line["term"]) })),
    )
    .toSorted((a, b) => a.term - b.term)
    .at(-1);
  if (!elected) throw new Error("BUG: an election that nobody won");
  return elected.replica;
}

/** The next such line of any replica, from now on. */
export function next(
  site: Site,
  event: string,
  matches: (line: LogLine) => boolean = () => true,
): Promise<LogLine> {
  const known = new Set(site.replicas.flatMap(replica => replica.lines));
  return site.when(event, line => !known.has(line) && matches(line));
}

/** So many more launched ticks of a job. */
export async function launches(site: Site, job: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await next(site, "tick.launched", line => line["job"] === job);
}

/** Ends every replica that still runs, so that nothing is decided any more. */
export async function shutDown(site: Site, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  await Promise.all(site.replicas.map(replica => replica.end(signal)));
}

function isElection(line: LogLine): boolean {
  return line.event === "leader.elected";
}
