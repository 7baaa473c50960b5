import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { LaunchLedger, termsOf, ticksByJob } from "../support/launch-ledger.ts";
import { createProject, type TestProject } from "../support/project.ts";
import { Random } from "../support/random.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const JOBS = 20;
const LEASE_TTL_MS = 2_000;
const CHAOS_MS = 60_000;
const SEED = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setup() {
  const server: TestRedis = await startRedis();
  disposals.push(() => server.stop());
  const jobs = Array.from(
    { length: JOBS },
    (_, i) => `  job-${i}: { every: 1s, catchUp: all, handler: nothing }`,
  );
  const project: TestProject = await createProject({
    "config/bellwether.yaml": [
      `namespace: chaos`,
      `redis: { url: "${server.url}" }`,
      `election: { leaseTtl: ${LEASE_TTL_MS}ms }`,
      `queues: { default: { concurrency: 50 } }`,
      `http: false`,
      `admin: false`,
    ].join("\n"),
    "config/jobs.yaml": ["jobs:", ...jobs].join("\n"),
    "jobs/nothing.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
  });
  disposals.push(() => project.dispose());
  const redis = connectRedis({ kind: "url", url: server.url }, "worker", "judge");
  disposals.push(() => redis.disconnect());
  const flock = new Flock(project.configDir);
  disposals.push(() => flock.end());
  const prefix = new RedisKeys("chaos").bullmqPrefix;
  return { redis, flock, prefix, ledger: new LaunchLedger(redis, prefix, "default") };
}

/** Three replicas, of which the dead are replaced, as by Kubernetes. */
class Flock {
  readonly all: ReplicaProcess[] = [];
  readonly #configDir: string;

  constructor(configDir: string) {
    this.#configDir = configDir;
    for (let i = 0; i < 3; i++) this.add();
  }

  add(): void {
    this.all.push(new ReplicaProcess(["--config", this.#configDir, "--id", `r${this.all.length}`]));
  }

  /** The replica of the newest term that its log tells of, or null while that one is dead. */
  leader(): ReplicaProcess | null {
    const terms = this.all.flatMap(replica =>
      replica.lines
        .filter(line => line.event === "leader.elected")
        .map(line => ({ replica, term: Number(line["term"]) })),
    );
    const newest = terms.toSorted((a, b) => b.term - a.term)[0];
    return newest && !newest.replica.hasEnded ? newest.replica : null;
  }

  async end(): Promise<void> {
    for (const replica of this.all) replica.signal("SIGCONT");
    await Promise.all(this.all.map(replica => replica.end()));
  }
}

/** Just before, within or just after the moment of a launch: that is where faults hurt. */
function nearNextSecond(random: Random): number {
  return 1_000 - (Date.now() % 1_000) + random.between(-15, 45);
}

async function killConnections(redis: Redis, which: (name: string) => boolean): Promise<number> {
  const list = String(await redis.client("LIST"));
  const victims = [...list.matchAll(/^id=(\d+) .*? name=(\S*) /gm)].filter(([, , name = ""]) => which(name));
  await Promise.all(victims.map(([, id = ""]) => redis.client("KILL", "ID", id)));
  return victims.length;
}

it(`loses no tick and launches none twice while leaders are killed, frozen and cut off (seed ${SEED})`, async () => {
  const { redis, flock, prefix, ledger } = await setup();
  const random = new Random(SEED);
  await Promise.all(flock.all.map(replica => replica.when("redis.connected")));
  const faults = { kill: 0, freeze: 0, cut: 0 };
  const endMs = performance.now() + CHAOS_MS;

  while (performance.now() < endMs) {
    await sleep(nearNextSecond(random));
    await ledger.read();
    const leader = flock.leader();
    if (!leader) continue;
    const isFirstHalf = endMs - performance.now() > CHAOS_MS / 2;
    if (faults.freeze === 0 && !isFirstHalf) {
      faults.freeze++;
      leader.signal("SIGSTOP");
      await sleep(2 * LEASE_TTL_MS);
      leader.signal("SIGCONT");
    } else if (random.next() < 0.3) {
      faults.kill++;
      await leader.end("SIGKILL");
      flock.add();
    } else {
      const part = random.pick([":launch", ":lease", ":", "bellwether"]);
      faults.cut += await killConnections(
        redis,
        name => name.includes(part) && name.startsWith("bellwether"),
      );
    }
  }

  // Quiet again: every job must reach this second, whoever leads by then.
  const quietAt = Math.ceil(Date.now() / 1_000) + 1;
  const reached = () =>
    [...ticksByJob(ledger.added).values()].filter(ticks => Math.max(...ticks) >= quietAt).length;
  while (reached() < JOBS) await ledger.read();
  await flock.end();
  await ledger.read();

  const ticks = ticksByJob(ledger.added);
  const first = Math.min(...[...ticks.values()].flat());
  const lost = [...ticks].flatMap(([job, seconds]) => {
    const launched = new Set(seconds);
    const expected = Array.from({ length: Math.max(...seconds) - first + 1 }, (_, i) => first + i);
    return expected.filter(second => !launched.has(second)).map(second => `${job}@${second}`);
  });
  const twice = ledger.added.filter((run, i) => ledger.added.indexOf(run) !== i);
  const terms = await termsOf(ledger.added, redis, prefix, "default");
  const crashes = flock.all.flatMap(replica => replica.noise);
  console.log(
    `seed ${SEED}: ${faults.kill} leaders killed, ${faults.freeze} frozen, ${faults.cut} connections cut; ` +
      `${ledger.added.length} ticks launched, ${lost.length} lost, ${twice.length} twice, ${Math.max(...terms)} terms`,
  );
  expect(ticks.size).toBe(JOBS);
  expect(lost).toEqual([]);
  expect(twice).toEqual([]);
  expect(ledger.repeated).toEqual([]);
  expect(terms).toEqual(terms.toSorted((a, b) => a - b));
  expect(crashes).toEqual([]);
  expect(faults.kill).toBeGreaterThan(3);
  expect(faults.cut).toBeGreaterThan(20);
  expect(faults.freeze).toBe(1);
});
