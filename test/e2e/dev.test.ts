import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { MAIN, plainEnvironment } from "../support/command.ts";
import { scrape } from "../support/exposition.ts";
import { test as base } from "../support/fixtures.ts";

const REPO = path.dirname(path.dirname(MAIN));

/** `dev` on a copy of the example project, in a process group of its own as in a terminal. */
class Dev {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly #closed: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  constructor(dir: string, args: readonly string[] = []) {
    const env = plainEnvironment({ TMPDIR: path.join(dir, "tmp") });
    this.child = spawn(process.execPath, [MAIN, "dev", ...args], {
      cwd: dir,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.child, "close").then(() => this.#notify());
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", line => {
        this.lines.push(line);
        this.#notify();
      });
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** The first line, from the `from`th on, that matches. */
  when(pattern: RegExp, from = 0): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.lines
          .slice(from)
          .map(line => line.match(pattern))
          .find(match => match !== null);
        const hasEnded = this.child.exitCode !== null || this.child.signalCode !== null;
        if (!found && !hasEnded) return;
        this.#waiting.delete(check);
        if (found) resolve(found);
        else reject(new Error(`ended without ${pattern}:\n${this.lines.join("\n")}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** What Ctrl-C in a terminal does: the signal goes to the whole process group. */
  interrupt(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.pid, "SIGINT");
  }

  async ended(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }

  /** The pids that the lines tell, of replicas that live and of those that were replaced. */
  replicaPids(): number[] {
    return this.lines.flatMap(line => line.match(/replica-\d runs as pid (\d+)/)?.[1] ?? []).map(Number);
  }

  #notify(): void {
    for (const check of [...this.#waiting]) check();
  }
}

/** All processes below this one, from /proc; empty where there is none. */
async function descendants(pid: number): Promise<number[]> {
  if (!existsSync("/proc/self/stat")) return [];
  const pids = (await readdir("/proc")).filter(name => /^\d+$/.test(name)).map(Number);
  const children = new Map<number, number[]>();
  for (const other of pids) {
    const stat = await readFile(`/proc/${other}/stat`, "utf8").catch(() => null);
    const parent = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), other]);
  }
  const below = (root: number): number[] =>
    (children.get(root) ?? []).flatMap(child => [child, ...below(child)]);
  return below(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const test = base
  .extend("setup", ({ onTestFinished }) => async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "bellwether-dev-test-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await cp(path.join(REPO, "config"), path.join(dir, "config"), { recursive: true });
    await cp(path.join(REPO, "jobs"), path.join(dir, "jobs"), { recursive: true });
    await mkdir(path.join(dir, "tmp"));
    const jobs = path.join(dir, "config/jobs.yaml");
    const quick = (await readFile(jobs, "utf8"))
      .replace("every: 5s", "every: 1s")
      .replace("every: 15s", "every: 1s");
    await writeFile(jobs, quick);
    return { dir, temporary: () => readdir(path.join(dir, "tmp")) };
  })
  .extend("start", ({ onTestFinished }) => (dir: string): Dev => {
    const dev = new Dev(dir);
    onTestFinished(async () => {
      const below = await descendants(dev.pid);
      for (const pid of [dev.pid, ...below]) if (isAlive(pid)) process.kill(pid, "SIGKILL");
      await dev.ended();
    });
    return dev;
  });

const ELECTED = /(replica-\d)-\w+ +leader\.elected +term (\d+)/;
const completedBy = (replica: string) => new RegExp(`${replica}-\\w+ +run\\.completed +\\S+@\\S+`);

test("shows a leader, two followers that name it, and runs on more than one replica; a killed leader is replaced and restarted; Ctrl-C leaves nothing", async ({
  setup,
  start,
}) => {
  const { dir, temporary } = await setup();
  const dev = start(dir);

  const [, leader = "", term] = await dev.when(ELECTED);
  expect(term).toBe("1");
  const followers = ["replica-1", "replica-2", "replica-3"].filter(name => name !== leader);
  for (const follower of followers) {
    await dev.when(new RegExp(`${follower}-\\w+ +leader\\.observed +follows ${leader}-\\w+, term 1`));
  }
  await Promise.all([
    dev.when(/run\.completed +sample-load@\d{8}T\d{6}Z/),
    dev.when(/run\.completed +flaky-import@.*attempt 2/),
    dev.when(completedBy(leader)),
    Promise.any(followers.map(follower => dev.when(completedBy(follower)))),
  ]);
  expect(await readdir(path.join(dir, "data"))).toContainEqual(expect.stringMatching(/^samples.*\.csv$/));

  const seen = dev.lines.length;
  const [, leaderPid = ""] = await dev.when(new RegExp(`${leader} runs as pid (\\d+)`));
  expect(dev.lines.join("\n")).toContain(`kill -9 ${leaderPid}`);
  process.kill(Number(leaderPid), "SIGKILL");
  const [, successor = "", nextTerm] = await dev.when(ELECTED, seen);
  expect(followers).toContain(successor);
  expect(nextTerm).toBe("2");
  const [, newPid = ""] = await dev.when(new RegExp(`${leader} runs as pid (\\d+)`), seen);
  expect(newPid).not.toBe(leaderPid);
  await dev.when(new RegExp(`${leader}-\\w+ +leader\\.observed +follows ${successor}-\\w+, term 2`), seen);
  await dev.when(completedBy(leader), seen);

  const below = await descendants(dev.pid);
  const pids = new Set([...below, ...dev.replicaPids()]);
  expect(dev.replicaPids()).toHaveLength(4);
  if (below.length > 0) expect(below.length).toBeGreaterThanOrEqual(4);
  expect(await temporary()).not.toEqual([]);
  dev.interrupt();
  expect(await dev.ended()).toBe(0);
  const stopped = dev.lines.filter(line => /replica\.stopped +clean/.test(line));
  expect(stopped).toHaveLength(3);
  expect([...pids].filter(isAlive)).toEqual([]);
  expect(await temporary()).toEqual([]);
});

test("gives each replica a port of its own, where it answers", async ({ setup, start }) => {
  const { dir } = await setup();
  const dev = start(dir);
  const urls = await Promise.all(
    [1, 2, 3].map(async n => {
      const [, port = ""] = await dev.when(
        new RegExp(`replica-${n}-\\w+ +replica\\.started .*, http://0\\.0\\.0\\.0:(\\d+)(?:,|$)`),
      );
      return `http://127.0.0.1:${port}`;
    }),
  );
  expect(new Set(urls).size).toBe(3);
  await dev.when(ELECTED);
  const shown = await Promise.all(urls.map(scrape));
  const leaders = shown.reduce((count, replica) => count + (replica.value("leader") ?? 0), 0);
  expect(leaders).toBe(1);
  const [, page = ""] = await dev.when(/replica\.started .*, dashboard (http:\S+)$/);
  expect((await fetch(page)).headers.get("content-type")).toMatch(/^text\/html/);
  dev.interrupt();
  expect(await dev.ended()).toBe(0);
});

test("ends at once and still leaves nothing when Ctrl-C is pressed again and again", async ({
  setup,
  start,
}) => {
  const { dir, temporary } = await setup();
  await writeFile(
    path.join(dir, "jobs/imports/flaky-import.ts"),
    'import { defineHandler } from "bellwether";\n' +
      'export default defineHandler(async (_, run) => {\n  run.log.info("hanging");\n  await new Promise(() => undefined);\n});\n',
  );
  const jobs = path.join(dir, "config/jobs.yaml");
  await writeFile(jobs, (await readFile(jobs, "utf8")).replace("timeout: 10s", "timeout: 10m"));
  await appendFile(path.join(dir, "config/bellwether.yaml"), "\nshutdownTimeout: 10m\n");
  const dev = start(dir);
  await dev.when(/hanging/);
  const pids = await descendants(dev.pid);
  dev.interrupt();
  await dev.when(/replica\.stopping/);
  const impatient = setInterval(() => dev.interrupt(), 250);
  await dev.ended().finally(() => clearInterval(impatient));
  expect([...pids, ...dev.replicaPids()].filter(isAlive)).toEqual([]);
  expect(await temporary()).toEqual([]);
});

test("says what is wrong with the configuration, once, and ends with 2", async ({ setup, start }) => {
  const { dir, temporary } = await setup();
  await writeFile(
    path.join(dir, "config/jobs.yaml"),
    "jobs:\n  a: { evry: 5s, handler: metrics/sample-load }\n",
  );
  const dev = start(dir);
  expect(await dev.ended()).toBe(2);
  expect(dev.lines.filter(line => /jobs\.yaml:2:\d+ .*evry.*did you mean every\?/.test(line))).toHaveLength(
    1,
  );
  expect(dev.lines.join("\n")).not.toMatch(/^\s+at /m);
  expect(await temporary()).toEqual([]);
});

test("shows the error of a failed run, and no stack of a failure that the handler expects", async ({
  setup,
  start,
}) => {
  const { dir } = await setup();
  const dev = start(dir);
  const [line] = await dev.when(/run\.failed +flaky-import@.*/);
  expect(line).toContain("the source did not answer");
  await dev.when(/run\.completed +flaky-import@.*attempt 2/);
  dev.interrupt();
  expect(await dev.ended()).toBe(0);
  expect(dev.lines.join("\n")).not.toMatch(/^\s+at /m);
});
