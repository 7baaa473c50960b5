import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bellwether } from "../support/command.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import type { LogLine } from "../support/replica-process.ts";
import { Container, enterImage } from "./container.ts";
import { buildImage, type Image, openImage, removeImage } from "./image.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const BASE = "localhost/bellwether-base:local";
const cleanups: (() => Promise<unknown>)[] = [];

/** The image that users build on. */
let base: Image;
/** The image that runs by itself. */
let complete: Image;
/** A project of `bellwether init`, and nothing else. */
let folder: string;
/** What a user makes of it: the project of `bellwether init`, by its own Dockerfile. */
let users: Image;
let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
  cleanups.push(() => redis.stop());
  base = await openImage(await buildImage(BASE, ROOT, { options: ["--target", "base"] }));
  cleanups.push(() => base.dispose());
  // The stage of that name was built a moment ago; building it again takes a minute or two.
  const builtBase = ["--build-context", `base=container-image://${BASE}`];
  complete = await openImage(await buildImage("localhost/bellwether:local", ROOT, { options: builtBase }));
  cleanups.push(() => complete.dispose());

  folder = await mkdtemp(path.join(tmpdir(), "bellwether-image-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  expect(await bellwether(["init", "."], { cwd: folder })).toMatchObject({ code: 0 });
  const jobs = path.join(folder, "config/jobs.yaml");
  await writeFile(jobs, (await readFile(jobs, "utf8")).replace("every: 10s", "every: 1s"));
  const id = await buildImage("localhost/bellwether-user:local", folder, {
    buildArgs: [`BELLWETHER_IMAGE=${BASE}`],
  });
  cleanups.push(() => removeImage(id));
  users = await openImage(id);
  cleanups.push(() => users.dispose());
});

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** Listens nowhere but on loopback, on free ports: all containers share this machine's network. */
function environment(): Record<string, string> {
  return {
    REDIS_URL: redis.url,
    HTTP_HOST: "127.0.0.1",
    HTTP_PORT: "0",
    ADMIN_PORT: "0",
    LOG_LEVEL: "debug",
  };
}

/** Runs a command in an image to its end. */
async function runIn(image: Image, argv: readonly string[], mounts: readonly string[] = []) {
  const [program, ...args] = enterImage(image, environment(), argv, mounts);
  return await promisify(execFile)(program, args).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

describe("the base image", () => {
  test("starts the command without a shell, as a user who is a number and not root", () => {
    const { User, Entrypoint, Cmd, WorkingDir } = base.config;
    expect(User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(Entrypoint).toEqual(["node", "/app/dist/main.js"]);
    expect(Cmd).toEqual(["run", "--config", "/etc/bellwether"]);
    expect(WorkingDir).toBe("/project");
  });

  test("says what it is", () => {
    expect(base.config.Labels).toMatchObject({
      "org.opencontainers.image.title": "Bellwether",
      "org.opencontainers.image.licenses": "MIT",
      "org.opencontainers.image.version": expect.any(String),
    });
  });

  test("holds the command and its production dependencies, no configuration, no handlers, no secrets", async () => {
    const inImage = (file: string) => existsSync(path.join(base.root, file));
    const lock: { packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }> } =
      JSON.parse(await readFile(path.join(ROOT, "package-lock.json"), "utf8"));
    const { "": _root, ...packages } = lock.packages;
    for (const [folder, { dev, optional, devOptional }] of Object.entries(packages)) {
      expect({ folder, isThere: inImage(`app/${folder}`) }).toEqual({
        folder,
        isThere: !(dev || optional || devOptional),
      });
    }
    expect((await readdir(path.join(base.root, "app"))).sort()).toEqual([
      "LICENSE",
      "dist",
      "node_modules",
      "package.json",
    ]);
    expect(await readdir(path.join(base.root, "project"))).toEqual([]);
    expect(["etc/bellwether", "root/.npmrc", "app/.npmrc"].filter(inImage)).toEqual([]);
  });

  test("lets its user write nothing of it", async () => {
    for (const file of ["app", "app/dist", "app/dist/main.js", "project"]) {
      const { uid, gid, mode } = await lstat(path.join(base.root, file));
      expect({ file, uid, gid, open: mode & 0o022 }).toEqual({ file, uid: 0, gid: 0, open: 0 });
    }
  });

  test("says what is missing when it is started without a configuration", async () => {
    const { code, stderr } = await runIn(base, [...base.config.Entrypoint, ...base.config.Cmd]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^\/etc\/bellwether\S* there is no such directory\n$/);
  });

  test("has the command in its PATH", async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
    const result = await runIn(base, ["bellwether", "--version"]);
    expect(result).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("the image without a target", () => {
  test("is the base image with the configuration and the handlers of this repository", async () => {
    const { Volumes, ...config } = complete.config;
    expect(config).toEqual(base.config);
    expect(Object.keys(Volumes ?? {})).toEqual(["/project/data"]);
    const listed = async (dir: string) => (await readdir(dir, { recursive: true })).sort();
    expect(await listed(path.join(complete.root, "project/jobs"))).toEqual(
      await listed(path.join(ROOT, "jobs")),
    );
    expect(await listed(path.join(complete.root, "etc/bellwether"))).toEqual([
      "bellwether.yaml",
      "jobs.yaml",
    ]);
  });

  test("completes runs with nothing but the address of a Redis", async ({ onTestFailed }) => {
    const container = new Container(complete, environment(), []);
    onTestFailed(() => console.log(transcript(container)));
    try {
      const { replica } = container;
      const completed = await replica.when("run.completed", line => line["job"] === "sample-load");
      tell(`the image completed ${completed["run"]} by itself`);
      // The job that fails on purpose may have had its tick as well.
      const failed = replica.lines.filter(line => line.event === "run.failed");
      expect(failed.filter(line => line["job"] !== "flaky-import")).toEqual([]);
      await container.signal("SIGTERM");
      expect(await replica.ended()).toBe(0);
    } finally {
      await container.kill();
    }
  });

  test("takes a mounted configuration instead of its own", async () => {
    const next = ["bellwether", "next", "--config", "/etc/bellwether"];
    const own = await runIn(complete, next);
    expect(own).toMatchObject({ code: 0, stdout: expect.stringContaining("sample-load") });
    const mounted = await runIn(complete, next, [`${path.join(folder, "config")}:/etc/bellwether`]);
    expect(mounted).toMatchObject({ code: 0, stdout: expect.stringContaining("hello") });
    expect(mounted.stdout).not.toContain("sample-load");
  });
});

describe("three replicas from a user's image", () => {
  test("elect a leader, replace it when it is killed, run the handler, and stop clean", async ({
    onTestFailed,
  }) => {
    const containers = ["a", "b", "c"].map(
      id => new Container(users, { ...environment(), BELLWETHER_GENERATION: "7" }, ["--id", id]),
    );
    onTestFailed(() => console.log(containers.map(transcript).join("\n")));
    try {
      await observe(containers);
    } finally {
      await Promise.all(containers.map(container => container.kill()));
    }
  });
});

async function observe(containers: readonly Container[]): Promise<void> {
  for (const { replica } of containers) {
    expect(await replica.when("replica.started")).toMatchObject({ pid: 1, generation: 7 });
  }
  for (const container of containers) {
    const [uid, gid] = users.config.User.split(":");
    expect(await container.status()).toMatchObject({
      Uid: [uid, uid, uid, uid].join("\t"),
      Gid: [gid, gid, gid, gid].join("\t"),
      CapEff: "0000000000000000",
      CapPrm: "0000000000000000",
      NoNewPrivs: "1",
      Groups: expect.stringMatching(/^\s*$/),
    });
    expect(await container.rootOptions()).toContain("ro");
  }

  const first = await firstTo(containers, "leader.elected");
  const killed = String(first.line["replica"]);
  tell(`${killed} leads, term ${first.line["term"]}`);
  await firstTo(containers, "run.completed", line => line["job"] === "hello");

  for (const { replica } of containers) {
    const { http } = await replica.when("replica.started");
    for (const probe of ["livez", "readyz", "metrics"])
      expect((await fetch(`${http}/${probe}`)).status).toBe(200);
  }
  tell("all three answer /livez, /readyz and /metrics");

  const status = await runIn(users, ["bellwether", "status", "--json", "--config", "/etc/bellwether"]);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ leader: { replica: killed }, replicas: [{}, {}, {}] });

  await first.container.signal("SIGKILL");
  await first.container.replica.ended();
  const rest = containers.filter(container => container !== first.container);
  const next = await firstTo(rest, "leader.elected");
  expect(next.line).toMatchObject({
    reason: "crashed",
    previous: killed,
    term: Number(first.line["term"]) + 1,
  });
  tell(`${killed} was killed; ${next.line["replica"]} leads ${next.line["vacantMs"]} ms later`);
  const launched = await next.container.replica.when("tick.launched");
  const completed = await firstTo(rest, "run.completed", line => line["run"] === launched["run"]);
  tell(`${completed.line["replica"]} completed ${launched["run"]}`);

  for (const { replica } of rest) expect(replica.noise).toEqual([]);
  await Promise.all(rest.map(container => container.signal("SIGTERM")));
  for (const { replica } of rest) {
    expect(await replica.ended()).toBe(0);
    expect(await replica.when("replica.stopped")).toMatchObject({ clean: true });
  }
  tell("the others stopped with exit code 0");
}

interface Found {
  readonly container: Container;
  readonly line: LogLine;
}

/** The first of the containers to log such a line. */
function firstTo(
  containers: readonly Container[],
  event: string,
  matches?: (line: LogLine) => boolean,
): Promise<Found> {
  return Promise.any(
    containers.map(async container => ({ container, line: await container.replica.when(event, matches) })),
  );
}

function transcript({ replica }: Container): string {
  return [...replica.lines.map(line => JSON.stringify(line)), ...replica.noise].join("\n");
}

function tell(text: string): void {
  process.stderr.write(`image: ${text}\n`);
}
