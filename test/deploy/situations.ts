/**
 * What the alerts are for: situations that real replicas on real servers are brought into while they are scraped
 * (record.ts). `fires` is what must fire in each, and nothing else.
 */
import { cp } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEtcd } from "../support/etcd-server.ts";
import { FaultyLink } from "../support/faulty-link.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { TestDeployment, type TestDeploymentOptions } from "../support/test-deployment.ts";
import type { ScrapeRecorder } from "./scrape-recorder.ts";

export interface Situation {
  readonly name: string;
  /** For people, after "when". */
  readonly what: string;
  readonly fires: readonly string[];
  /** For how long it is recorded. */
  readonly minutes: number;
  /** For how long the last values are taken to stay: rules look back for longer than anybody wants to record. */
  readonly holdMinutes?: number;
  /** When nothing more happens for that long, no alert fires any more. */
  readonly endsAfterMinutes?: number;
  readonly act: (scene: Scene) => Promise<void>;
}

const BEAT = ["beat: { every: 2s, handler: echo }"];
const SECOND = 1_000;

/** Where a situation takes place. It removes what it starts when the situation has ended. */
export class Scene {
  readonly recorder: ScrapeRecorder;
  readonly #closers: (() => Promise<unknown> | unknown)[] = [];

  constructor(recorder: ScrapeRecorder) {
    this.recorder = recorder;
  }

  async redis(): Promise<TestRedis> {
    const redis = await startRedis();
    this.closeWith(() => redis.stop());
    return redis;
  }

  async deployment(
    options: Partial<TestDeploymentOptions> & { readonly redisUrl: string },
  ): Promise<TestDeployment> {
    const settings = [
      "generation: ${BELLWETHER_GENERATION:-0}",
      ...(options.settings ?? ["election: { leaseTtl: 5s }"]),
    ];
    const deployment = await TestDeployment.create({ jobs: BEAT, http: true, ...options, settings });
    this.closeWith(() => deployment.dispose());
    return deployment;
  }

  /** Another configuration of the same namespace, with the same jobs and handlers. */
  async variant(deployment: TestDeployment, name: string, lines: readonly string[]): Promise<string> {
    const { project } = deployment;
    const dir = path.join(project.dir, name);
    await cp(path.join(project.dir, "jobs"), path.join(dir, "jobs"), { recursive: true });
    await cp(path.join(project.configDir, "jobs.yaml"), path.join(dir, "config/jobs.yaml"));
    const common = [`namespace: ${deployment.namespace}`, "http: { host: 127.0.0.1, port: 0 }"];
    await project.write(`${name}/config/bellwether.yaml`, [...common, ...lines].join("\n"));
    return path.join(dir, "config");
  }

  /** A replica that is scraped, once it has started. */
  async start(deployment: TestDeployment, id: string, options: StartOptions = {}): Promise<ReplicaProcess> {
    const { configDir = deployment.project.configDir, env = {}, args = [] } = options;
    const { dir } = deployment.project;
    const replica = new ReplicaProcess(
      ["--config", configDir, "--id", id, ...args],
      { DEPLOYMENT_DIR: dir, ...env },
      dir,
    );
    deployment.replicas.push(replica);
    this.recorder.watch(id, replica);
    await replica.when("replica.started");
    return replica;
  }

  closeWith(close: () => Promise<unknown> | unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

interface StartOptions {
  readonly configDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Two replicas of which one leads. */
async function pair(scene: Scene, options: Partial<TestDeploymentOptions> = {}) {
  const redis = await scene.redis();
  const deployment = await scene.deployment({ redisUrl: redis.url, ...options });
  const a = await scene.start(deployment, "a");
  await a.when("leader.elected");
  const b = await scene.start(deployment, "b");
  await b.when("leader.observed");
  return { redis, deployment, a, b };
}

/** All replicas crash, and come back 40 s later. */
async function outages(scene: Scene, count: number): Promise<void> {
  const { deployment } = await pair(scene, { jobs: ["beat: { every: 2s, handler: echo, catchUp: all }"] });
  for (let outage = 0; outage < count; outage++) {
    await sleep(30 * SECOND);
    await Promise.all(deployment.replicas.map(replica => replica.end("SIGKILL")));
    await sleep(40 * SECOND);
    for (const id of ["a", "b"]) await scene.start(deployment, id);
  }
}

export const SITUATIONS: readonly Situation[] = [
  {
    name: "rolling-deploy",
    what: "two replicas are replaced one by one",
    fires: [],
    minutes: 4,
    act: async scene => {
      const { deployment, a, b } = await pair(scene);
      await sleep(60 * SECOND);
      for (const [id, old, successor] of [
        ["a", a, "c"],
        ["b", b, "d"],
      ] as const) {
        await scene.start(deployment, successor, { env: { BELLWETHER_GENERATION: "1" } });
        await sleep(10 * SECOND);
        await old.end();
        scene.recorder.forget(id);
      }
    },
  },
  {
    name: "no-scheduler",
    what: "roles are split and the only scheduler has exited",
    fires: ["BellwetherNobodyLeads", "BellwetherJobOverdue"],
    minutes: 6,
    act: async scene => {
      const redis = await scene.redis();
      const deployment = await scene.deployment({ redisUrl: redis.url });
      const leader = await scene.start(deployment, "leader", { args: ["--roles", "scheduler"] });
      await leader.when("leader.elected");
      for (const id of ["w1", "w2"]) await scene.start(deployment, id, { args: ["--roles", "worker"] });
      await sleep(45 * SECOND);
      await leader.end("SIGKILL");
      scene.recorder.forget("leader");
    },
  },
  {
    name: "redis-away",
    what: "Redis is away, also when a third replica starts",
    fires: ["BellwetherNobodyLeads", "BellwetherJobOverdue", "BellwetherStoreAway"],
    minutes: 6,
    act: async scene => {
      const { redis, deployment } = await pair(scene);
      await sleep(45 * SECOND);
      await redis.kill();
      await sleep(30 * SECOND);
      await scene.start(deployment, "c");
    },
  },
  {
    name: "never-had-redis",
    what: "all replicas started while Redis was away",
    fires: ["BellwetherNobodyLeads", "BellwetherStoreAway"],
    minutes: 5,
    act: async scene => {
      const redis = await scene.redis();
      const deployment = await scene.deployment({ redisUrl: redis.url });
      await redis.kill();
      for (const id of ["a", "b"]) await scene.start(deployment, id);
    },
  },
  {
    name: "all-gone",
    what: "all replicas have exited",
    fires: ["BellwetherNobodyLeads", "BellwetherNoReplicas"],
    minutes: 12,
    act: async scene => {
      const { a, b } = await pair(scene);
      await sleep(60 * SECOND);
      await Promise.all([a.end(), b.end()]);
      for (const id of ["a", "b"]) scene.recorder.forget(id);
    },
  },
  {
    name: "never-scraped",
    what: "pods end with exit code 2 before they are scraped",
    fires: ["BellwetherNoReplicas", "BellwetherPodRestarts"],
    minutes: 8,
    act: async scene => {
      const redis = await scene.redis();
      const deployment = await scene.deployment({
        redisUrl: redis.url,
        jobs: ["beat: { every: 2s, handler: missing }"],
      });
      // As the kubelet does: 10 s, doubling.
      for (let pauseMs = 10 * SECOND; pauseMs < 100 * SECOND; pauseMs *= 2) {
        const pod = deployment.start("--id", "pod");
        const code = await pod.ended();
        if (code !== 2) throw new Error(`expected exit code 2, found ${code}`);
        scene.recorder.watch("pod", null);
        await sleep(pauseMs);
      }
    },
  },
  {
    name: "two-stores",
    what: "replicas of one namespace are on two election stores",
    fires: ["BellwetherTwoLeaders", "BellwetherLeadershipUnstable"],
    minutes: 6,
    holdMinutes: 6,
    act: async scene => {
      const [redis, etcd] = await Promise.all([scene.redis(), startEtcd()]);
      scene.closeWith(() => etcd.stop());
      const deployment = await scene.deployment({ redisUrl: redis.url });
      await scene.start(deployment, "on-redis");
      const configDir = await scene.variant(deployment, "etcd", [
        `redis: { url: "${redis.url}" }`,
        `election: { leaseTtl: 5s, store: etcd, etcd: { hosts: ["${etcd.url}"] } }`,
      ]);
      await scene.start(deployment, "on-etcd", { configDir });
    },
  },
  {
    name: "two-servers",
    what: "replicas of one service are on two Redis servers",
    fires: ["BellwetherTwoLeaders"],
    minutes: 5,
    act: async scene => {
      const [redis, other] = await Promise.all([scene.redis(), scene.redis()]);
      const deployment = await scene.deployment({ redisUrl: redis.url });
      await scene.start(deployment, "here");
      const configDir = await scene.variant(deployment, "there", [`redis: { url: "${other.url}" }`]);
      await scene.start(deployment, "there", { configDir });
    },
  },
  {
    name: "leaders-crash",
    what: "each leader crashes after 20 s, and its container is started again",
    fires: ["BellwetherLeadershipUnstable", "BellwetherPodRestarts"],
    minutes: 6,
    holdMinutes: 6,
    act: async scene => {
      const { deployment } = await pair(scene);
      for (let round = 0; round < 10; round++) {
        await sleep(20 * SECOND);
        const terms = deployment
          .lines("leader.elected")
          .toSorted((x, y) => Number(x["term"]) - Number(y["term"]));
        const leader = deployment.replicas.find(({ lines }) => lines[0]?.replica === terms.at(-1)?.replica);
        const id = leader?.lines[0]?.replica.split("-")[0] ?? "a";
        await leader?.end("SIGKILL");
        await scene.start(deployment, id);
      }
    },
  },
  {
    name: "cut-off-from-etcd",
    what: "one replica cannot reach its election store",
    fires: ["BellwetherStoreAway"],
    minutes: 6,
    act: async scene => {
      const [redis, etcd] = await Promise.all([scene.redis(), startEtcd()]);
      scene.closeWith(() => etcd.stop());
      const link = await FaultyLink.to(etcd.port);
      scene.closeWith(() => link.stop());
      const onEtcd = (url: string) => [
        `election: { leaseTtl: 5s, store: etcd, etcd: { hosts: ["${url}"] } }`,
      ];
      const deployment = await scene.deployment({ redisUrl: redis.url, settings: onEtcd(etcd.url) });
      const leader = await scene.start(deployment, "a");
      await leader.when("leader.elected");
      const configDir = await scene.variant(deployment, "cut", [
        `redis: { url: "${redis.url}" }`,
        ...onEtcd(`http://127.0.0.1:${link.port}`),
      ]);
      const b = await scene.start(deployment, "b", { configDir });
      await b.when("leader.observed");
      await sleep(45 * SECOND);
      link.cut();
    },
  },
  {
    name: "silenced",
    what: "a job's cursor is in the future",
    fires: ["BellwetherJobSilenced"],
    minutes: 5,
    act: async scene => {
      const { deployment, a, b } = await pair(scene);
      for (const replica of [a, b]) await replica.end();
      await deployment.redis().hset(`${deployment.prefix}/cursors`, "beat", Date.now() + 3_600_000);
      for (const id of ["a", "b"]) await scene.start(deployment, id);
    },
  },
  {
    name: "quarantined",
    what: "a key of a job's queue has another type",
    fires: ["BellwetherJobQuarantined"],
    minutes: 4,
    act: async scene => {
      const { deployment } = await pair(scene, {
        jobs: [...BEAT, "bad: { every: 20s, queue: own, handler: echo }"],
      });
      await deployment.redis().del(`${deployment.prefix}:own:meta`);
      await deployment.redis().set(`${deployment.prefix}:own:wait`, "not a list");
      await deployment.redis().set(`${deployment.prefix}:own:events`, "not a stream");
    },
  },
  {
    name: "one-outage",
    what: "an outage of 40 s was caught up on",
    fires: [],
    minutes: 5,
    holdMinutes: 10,
    act: scene => outages(scene, 1),
  },
  {
    name: "late",
    what: "outages of 40 s come again and again",
    fires: ["BellwetherLaunchesLate", "BellwetherPodRestarts"],
    minutes: 5,
    holdMinutes: 10,
    act: scene => outages(scene, 3),
  },
  {
    name: "failing",
    what: "a job's handler throws",
    fires: ["BellwetherRunsFailing"],
    minutes: 4,
    act: async scene => {
      const jobs = [...BEAT, "bad: { every: 10s, handler: bad }"];
      await pair(scene, { jobs, handlers: { bad: 'throw new Error("no");' } });
    },
  },
  {
    name: "rejected",
    what: "a changed configuration has a mistake",
    fires: ["BellwetherConfigRejected"],
    minutes: 3,
    endsAfterMinutes: 61,
    act: async scene => {
      const { deployment } = await pair(scene);
      await sleep(45 * SECOND);
      await deployment.project.write("config/jobs.yaml", "jobs: { beat: { every: 2, handler: echo } }\n");
    },
  },
  {
    name: "skewed",
    what: "a machine's clock is 5 s ahead",
    fires: ["BellwetherClockSkewed"],
    minutes: 3,
    holdMinutes: 12,
    act: async scene => {
      const { deployment } = await pair(scene);
      const ahead = "const now = Date.now; Date.now = () => now() + 5_000;";
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` };
      await scene.start(deployment, "ahead", { env });
    },
  },
  {
    name: "mixed",
    what: "old and new generation stay side by side",
    fires: ["BellwetherMixedGenerations"],
    minutes: 3,
    holdMinutes: 35,
    act: async scene => {
      const { deployment } = await pair(scene);
      await scene.start(deployment, "new", { env: { BELLWETHER_GENERATION: "1" } });
    },
  },
  {
    name: "backs-up",
    what: "runs come faster than they are worked off",
    fires: ["BellwetherQueueBacksUp"],
    minutes: 4,
    holdMinutes: 18,
    act: async scene => {
      const jobs = ["slow: { every: 500ms, handler: slow }"];
      const handlers = { slow: "await Promise.race([aborted(run.signal), sleep(600_000)]);" };
      const settings = ["election: { leaseTtl: 5s }", "queues: { default: { concurrency: 1 } }"];
      await pair(scene, { jobs, handlers, settings });
    },
  },
  {
    name: "paused-outside",
    what: "a queue is paused in BullMQ",
    fires: ["BellwetherRunStuck"],
    minutes: 10,
    act: async scene => {
      const { deployment } = await pair(scene, {
        jobs: [...BEAT, "held: { every: 30s, queue: held, handler: echo }"],
      });
      await deployment.queue("held").pause();
    },
  },
  {
    name: "paused-briefly",
    what: "a queue that was paused in BullMQ is resumed when run.stuck is logged",
    fires: [],
    minutes: 9,
    act: async scene => {
      const { deployment, b } = await pair(scene, {
        jobs: [...BEAT, "held: { every: 30s, queue: held, handler: echo }"],
      });
      const queue = deployment.queue("held");
      await queue.pause();
      await b.when("run.stuck");
      await queue.resume();
    },
  },
  {
    name: "no-worker",
    what: "roles are split and the only worker has exited",
    fires: ["BellwetherRunStuck"],
    minutes: 10,
    act: async scene => {
      const redis = await scene.redis();
      const deployment = await scene.deployment({ redisUrl: redis.url });
      const leader = await scene.start(deployment, "leader", { args: ["--roles", "scheduler"] });
      await leader.when("leader.elected");
      const worker = await scene.start(deployment, "worker", { args: ["--roles", "worker"] });
      await worker.when("run.completed");
      await worker.end();
      scene.recorder.forget("worker");
    },
  },
  {
    name: "emptied",
    what: "Redis is emptied under running replicas",
    fires: ["BellwetherDataLost"],
    minutes: 4,
    holdMinutes: 10,
    endsAfterMinutes: 31,
    act: async scene => {
      const { deployment } = await pair(scene);
      await sleep(45 * SECOND);
      await deployment.redis().flushall();
    },
  },
  {
    name: "unread-log",
    what: "what collects the log of a replica does not read it",
    fires: ["BellwetherLogLinesDropped"],
    minutes: 4,
    endsAfterMinutes: 11,
    act: async scene => {
      const jobs = [...BEAT, "loud: { every: 1s, handler: loud }"];
      const handlers = { loud: 'for (let n = 0; n < 10; n++) console.log("x".repeat(1e5));' };
      const { a } = await pair(scene, { jobs, handlers });
      await sleep(30 * SECOND);
      a.child.stdout?.pause();
      // It ends when its output has been read to the end.
      scene.closeWith(() => a.child.stdout?.resume());
    },
  },
  {
    name: "frozen",
    what: "a follower's process is frozen",
    fires: ["BellwetherReplicaDown"],
    minutes: 5,
    act: async scene => {
      const { b } = await pair(scene);
      await sleep(45 * SECOND);
      b.signal("SIGSTOP");
    },
  },
];
