import { describe, expect } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { runProgram } from "../../src/cli/program.ts";
import { connect } from "../../src/client/connect.ts";
import { test as base } from "../support/fixtures.ts";

/** What a command printed; a test waits for it. */
class Output {
  text = "";
  #notify: () => void = () => undefined;

  readonly write = (text: string): void => {
    this.text += text;
    this.#notify();
  };

  /** Resolves with the first match of what was printed so far. */
  async when(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found) return found[0];
      await new Promise<void>(resolve => {
        this.#notify = resolve;
      });
    }
  }
}

const test = base
  .extend("project", ({ server, keys, makeProject }) =>
    makeProject({
      "config/bellwether.yaml": `namespace: ${keys.bullmqPrefix.slice(1, -1)}\nredis: { url: "${server.url}" }\n`,
      "config/jobs.yaml": ["a-one", "a-two", "b"]
        .map(job => `${job}: { every: 1h, handler: x, overlap: skip }`)
        .reduce((text, job) => `${text}  ${job}\n`, "jobs:\n"),
    }),
  )
  /** A command in this process, until it has ended. Its reader goes away with `close`. */
  .extend("command", async ({ project, defer }) => {
    return (args: readonly string[], more: Partial<Io> = {}) => {
      const [out, err, closed] = [new Output(), new Output(), new AbortController()];
      const io = { env: {}, cwd: project.dir, out: out.write, err: err.write, unread: closed.signal };
      const ended = runProgram([...args, "--config", project.configDir], { ...io, ...more });
      const close = () => {
        closed.abort();
        return ended;
      };
      defer(close);
      return { out, err, ended, close };
    };
  })
  .extend("client", async ({ project, defer }) => {
    const client = await connect({ config: project.configDir, by: "ann" });
    defer(() => client.close());
    return client;
  });

describe("pause and resume", () => {
  const json = async ({ out, ended }: { out: Output; ended: Promise<number> }) => {
    expect(await ended).toBe(0);
    return JSON.parse(out.text);
  };

  test("of all jobs, or of those that match, print a line and an object for each", async ({ command }) => {
    const paused = await json(command(["pause", "a-*", "--json"]));
    expect(paused).toMatchObject([
      { job: "a-one", paused: true, changed: true },
      { job: "a-two", paused: true, changed: true },
    ]);
    const resumed = command(["resume", "--all", "--by", "bob"]);
    expect(await resumed.ended).toBe(0);
    expect(resumed.out.text).toMatch(/^resumed a-one, which .*\nresumed a-two, .*\nb is not paused\n$/);
  });

  test("need one job, a pattern that matches, or --all", async ({ command }) => {
    const rows = [
      [["pause"], /^expected the name of a job, or --all\n$/],
      [["pause", "b", "--all"], /^--all is every job: leave out b, or --all\n$/],
      [["resume", "c*"], /^no job is named c\* \(.*\)\n$/],
    ] as const;
    for (const [args, says] of rows) {
      const { err, ended } = command(args);
      expect({ code: await ended, text: err.text }).toEqual({ code: 2, text: expect.stringMatching(says) });
    }
  });
});

describe("status --watch", () => {
  test("prints an object a line whenever it has changed, until its reader goes away", async ({
    command,
    client,
  }) => {
    const { out, close } = command(["status", "--watch", "--json"]);
    await out.when(/\n/);
    await client.pause("b");
    await out.when(/"name":"b",[^}]*"paused":true.*\n/);
    expect(await close()).toBe(0);
    const lines = out.text.trimEnd().split("\n");
    expect(new Set(lines).size).toBe(lines.length);
    const paused = lines.map(line => JSON.parse(line).jobs[2].paused);
    expect([paused.at(0), paused.at(-1)]).toEqual([false, true]);
  });

  test("says once that Redis went away, and goes on when it is back", { timeout: 60_000 }, async ({
    command,
    client,
    link,
  }) => {
    const { out, err, close } = command(["status", "--watch", "--json"], {
      env: { BELLWETHER_REDIS_URL: link.url },
    });
    await out.when(/\n/);
    link.cut();
    await err.when(/(went away|cannot reach Redis).*; trying again\n/);
    await client.pause("b");
    link.mend();
    await out.when(/"name":"b",[^}]*"paused":true.*\n/);
    expect(await close()).toBe(0);
  });

  test("replaces what is on a terminal", async ({ command }) => {
    const { out, close } = command(["status", "--watch"], { isTerminal: true });
    await out.when(/no replica leads\n/);
    await close();
    expect(out.text.startsWith("\u001b[H\u001b[Jno replica leads\n")).toBe(true);
  });
});

describe("history --follow", () => {
  test("prints each row when it is there, oldest first, and goes on", async ({ command, client }) => {
    await client.pause("b");
    const { out, close } = command(["history", "b", "--follow", "--json"]);
    await out.when(/paused.*\n/);
    const { run } = await client.trigger("b");
    await client.resume("b");
    await out.when(/resumed.*\n/);
    expect(await close()).toBe(0);
    const rows = out.text
      .trimEnd()
      .split("\n")
      .map(line => JSON.parse(line));
    expect(rows).toMatchObject([{ outcome: "paused" }, { outcome: "launched", run }, { outcome: "resumed" }]);
  });

  test("prints all that the history keeps, when it comes within one look", async ({ command, client }) => {
    await client.pause("b");
    const { out, close } = command(["history", "b", "--follow", "--json"]);
    await out.when(/paused.*\n/);
    const range = { from: new Date("2026-01-01T00:00:00Z"), to: new Date("2026-01-13T11:00:00Z") };
    const { runs } = await client.backfill("b", { ...range, limit: 300, overlap: "allow" });
    await out.when(/2026-01-13T11.*\n/);
    await close();
    expect(runs).toHaveLength(300);
    expect(out.text.match(/"launched"/g)).toHaveLength(300);
  });

  test("is a line for people, and begins with the last ones", async ({ command, client }) => {
    await client.pause("b");
    await client.trigger("b");
    const { out, close } = command(["history", "b", "--follow", "--limit", "1"]);
    await out.when(/\n/);
    await close();
    expect(out.text).toMatch(/^\S+Z {2}launched {2}manual {2}term 0 {2}0 ms late {2}by ann\n$/);
  });
});

describe("trigger --wait", () => {
  test("is what --timeout is for", async ({ command }) => {
    const { err, ended } = command(["trigger", "b", "--timeout", "5"]);
    expect(await ended).toBe(2);
    expect(err.text).toBe("--timeout is for --wait: add it, or leave out --timeout\n");
  });

  test("ends with the run, with exit code 1 when it fails or is removed", { timeout: 120_000 }, async ({
    deploy,
  }) => {
    const deployment = await deploy({
      jobs: [
        'sum: { at: ["2100-01-01T00:00:00Z"], handler: sum, data: { a: 1 } }',
        'broken: { at: ["2100-01-01T00:00:00Z"], handler: broken, retry: { attempts: 1 } }',
        'stuck: { at: ["2100-01-01T00:00:00Z"], handler: stuck }',
      ],
      handlers: {
        sum: "return data;",
        broken: 'throw new Error("no paper");',
        stuck: 'await opened("never");',
      },
    });
    deployment.start();
    await deployment.when("leader.elected");
    const [done, failed, late] = await Promise.all([
      deployment.command("trigger", "sum", "--wait", "--json"),
      deployment.command("trigger", "broken", "--wait"),
      deployment.command("trigger", "stuck", "--wait", "--timeout", "0.2"),
    ]);
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toEqual({
      run: expect.stringMatching(/^sum@manual-/),
      result: { a: 1 },
      attempts: 1,
    });
    expect(failed).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^started broken@manual-\S+ on queue default\n$/),
      stderr: expect.stringMatching(/^broken@manual-\S+ failed after 1 attempt: no paper\n$/),
    });
    expect(late).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^stuck@manual-\S+ has not ended within 200 ms; it goes on/),
    });
  });
});
