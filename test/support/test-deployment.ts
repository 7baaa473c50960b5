import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { bellwether, type CommandResult } from "./command.ts";
import { LaunchLedger } from "./launch-ledger.ts";
import { createProject, type TestProject } from "./project.ts";
import { namespace } from "./redis-server.ts";
import { type LogLine, ReplicaProcess } from "./replica-process.ts";

export interface TestDeploymentOptions {
  readonly redisUrl: string;
  /** Lines below `jobs:`, indented by two. */
  readonly jobs: readonly string[];
  /** Handler bodies by path: the text in `defineHandler(async (data, run) => { … })`. */
  readonly handlers?: Readonly<Record<string, string>>;
  /** More lines of bellwether.yaml. */
  readonly settings?: readonly string[];
  /** The line of bellwether.yaml, or true: replicas answer on free ports (`urlOf`). */
  readonly http?: string | true;
}

/** Where a replica answers that was started with `http`. */
export async function urlOf(replica: ReplicaProcess): Promise<string> {
  return String((await replica.when("replica.started"))["http"]);
}

/**
 * What a user deploys: a project, a namespace of its own on a Redis, and as many replicas as a test starts, each
 * in a process. Handlers may wait with `opened("name")` until the test calls `open("name")`.
 */
export class TestDeployment {
  readonly namespace: string;
  readonly project: TestProject;
  readonly replicas: ReplicaProcess[] = [];
  readonly #redisUrl: string;
  readonly #closers: (() => Promise<unknown> | unknown)[] = [];

  private constructor(name: string, project: TestProject, redisUrl: string) {
    this.namespace = name;
    this.project = project;
    this.#redisUrl = redisUrl;
  }

  static async create(options: TestDeploymentOptions): Promise<TestDeployment> {
    const name = namespace();
    const handlers = { echo: "return data;", ...options.handlers };
    const project = await createProject({
      "config/bellwether.yaml": [
        `namespace: \${DEPLOYMENT_NAMESPACE:-${name}}`,
        `redis: { url: "${options.redisUrl}" }`,
        options.http === true ? "http: { host: 127.0.0.1, port: 0 }" : (options.http ?? "http: false"),
        "log: { level: debug }",
        ...(options.settings ?? []),
      ].join("\n"),
      "config/jobs.yaml": ["jobs:", ...options.jobs.map(line => `  ${line}`)].join("\n"),
      ...Object.fromEntries(
        Object.entries(handlers).map(([file, body]) => [`jobs/${file}.ts`, handlerSource(body)]),
      ),
    });
    return new TestDeployment(name, project, options.redisUrl);
  }

  get prefix(): string {
    return `{${this.namespace}}`;
  }

  start(...args: readonly string[]): ReplicaProcess {
    return this.startWith({}, ...args);
  }

  /** With these in its environment. */
  startWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): ReplicaProcess {
    const replica = new ReplicaProcess(
      ["--config", this.project.configDir, ...args],
      { DEPLOYMENT_DIR: this.project.dir, ...env },
      this.project.dir,
    );
    this.replicas.push(replica);
    return replica;
  }

  /** The first such line of any replica that was started so far. */
  when(event: string, matches?: (line: LogLine) => boolean): Promise<LogLine> {
    return Promise.any(this.replicas.map(replica => replica.when(event, matches)));
  }

  /** Such lines of all replicas. */
  lines(event: string, matches: (line: LogLine) => boolean = () => true): LogLine[] {
    return this.replicas.flatMap(({ lines }) => lines.filter(line => line.event === event && matches(line)));
  }

  /** Lets the handlers go on that wait for `opened(name)`. */
  open(name: string): Promise<void> {
    return this.project.write(`opened-${name}`, "");
  }

  /** What all replicas printed, but for launched ticks and completed runs: what to look at when a test fails. */
  transcript(): string {
    const isUsual = (line: LogLine) => /^(tick\.launched|run\.completed)$/.test(line.event ?? "");
    return this.replicas
      .flatMap(({ lines, noise }) => [...lines.filter(line => !isUsual(line)), ...noise])
      .map(line => (typeof line === "string" ? line : JSON.stringify(line)))
      .join("\n");
  }

  command(...args: readonly string[]): Promise<CommandResult> {
    return bellwether([...args, "--config", this.project.configDir]);
  }

  redis(url: string = this.#redisUrl): Redis {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    redis.on("error", () => undefined);
    this.#closers.push(() => redis.disconnect());
    return redis;
  }

  queue(name = "default"): Queue {
    const queue = new Queue(name, { connection: this.redis(), prefix: this.prefix });
    queue.on("error", () => undefined);
    this.#closers.push(() => queue.close());
    return queue;
  }

  ledger(queue = "default"): LaunchLedger {
    return new LaunchLedger(this.redis(), this.prefix, queue);
  }

  async dispose(): Promise<void> {
    for (const replica of this.replicas) replica.signal("SIGCONT");
    await Promise.all(this.replicas.map(replica => replica.end("SIGKILL")));
    for (const close of this.#closers.splice(0).reverse()) await close();
    await this.project.dispose();
  }
}

function handlerSource(body: string): string {
  return `import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineHandler } from "bellwether";

const tell = (run: any, name: string, fields: object = {}) => run.log.info({ event: "handler." + name, ...fields });
const opened = async (name: string) => {
  while (!existsSync(process.env.DEPLOYMENT_DIR + "/opened-" + name)) await sleep(20);
};
const aborted = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

export default defineHandler<any>(async (data, run) => {
  ${body}
});
`;
}
