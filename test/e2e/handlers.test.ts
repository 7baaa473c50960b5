import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { describe, expect } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { gone, isAlive } from "../support/process-state.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { TestDeployment, type TestDeploymentOptions } from "../support/test-deployment.ts";

const test = base.extend(
  "createDeployment",
  ({ server, onTestFailed, onTestFinished }) =>
    async (options: Omit<TestDeploymentOptions, "redisUrl">): Promise<TestDeployment> => {
      const deployment = await TestDeployment.create({ redisUrl: server.url, ...options });
      onTestFailed(() => console.log(deployment.transcript()));
      onTestFinished(() => deployment.dispose());
      return deployment;
    },
);

/** The first line that the command of a replica prints. */
function output(replica: ReplicaProcess): Promise<LogLine> {
  return new Promise(resolve => {
    const look = (line: LogLine) => line["line"] !== undefined && resolve(line);
    replica.lines.forEach(look);
    replica.subscribe(look);
  });
}

async function pidPrintedBy(replica: ReplicaProcess): Promise<number> {
  return Number((await output(replica))["line"]);
}

/** Says its pid, and works until there is a file called open. */
const UNTIL_OPEN = "echo $$; while [ ! -e open ]; do sleep 0.05; done";

describe("a replica", () => {
  test("runs the commands of its jobs, and logs what they print with the run", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: [`greet: { every: 1s, command: ["sh", "-c", 'echo "$BELLWETHER_RUN"'] }`],
    });
    const replica = deployment.start();
    const line = await output(replica);
    expect(line).toMatchObject({
      level: "info",
      job: "greet",
      attempt: 1,
      stream: "stdout",
      line: line["run"],
    });
    await replica.when("run.completed", done => done["run"] === line["run"]);
  });

  test("shows the handler's part of a stack, in the events and in what the handler logs", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: ["count: { every: 1s, handler: count }"],
      handlers: {
        count: `
          await run.progress(50);
          const error = new Error("no number");
          run.log.warn(error, "logged");
          run.log.warn({ err: error }, "logged as a field");
          console.error(error);
          setImmediate(() => { throw new Error("thrown later"); });
          throw error;`,
      },
    });
    const replica = deployment.start();
    const [failed, stray] = await Promise.all([replica.when("run.failed"), replica.when("run.strayError")]);
    expect(await replica.end()).toBe(0);
    const logged = replica.lines.filter(line => line.level === "warn" && line["err"] !== undefined);
    const printed = replica.lines.find(line => String(line["msg"]).startsWith("Error: no number"));
    expect(printed).toMatchObject({ namespace: deployment.namespace, replica: failed.replica });
    const stacks = [
      failed["stack"],
      stray["stack"],
      ...logged.slice(0, 2).map(line => (line["err"] as { stack: string }).stack),
      printed?.["msg"],
    ].map(String);
    expect(stacks).toHaveLength(5);
    for (const stack of stacks) {
      const frames = stack.split("\n").filter(line => /^ *at /.test(line));
      expect(frames).toEqual(frames.map(() => expect.stringContaining("/jobs/count.ts:")));
      expect(frames).not.toEqual([]);
    }
  });

  test("calls the addresses of its jobs, each tick with a key of its own", async ({
    onTestFinished,
    createDeployment,
  }) => {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      requests.push(request);
      response.writeHead(200).end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const deployment = await createDeployment({
      jobs: [`ping: { every: 1s, http: { url: "http://127.0.0.1:${port}/x" } }`],
    });
    const replica = deployment.start();
    const first = await replica.when("run.completed");
    const second = await replica.when("run.completed", line => line["run"] !== first["run"]);
    const keys = requests.map(request => request.headers["idempotency-key"]);
    expect(keys.slice(0, 2)).toEqual([first["run"], second["run"]]);
  });

  test("does not start with a command whose program is not there", async ({ createDeployment }) => {
    const deployment = await createDeployment({ jobs: ["lost: { every: 1s, command: [no-such-program] }"] });
    const replica = deployment.start();
    expect(await replica.ended()).toBe(2);
    expect(replica.noise.join("\n")).toMatch(
      /^config\/jobs\.yaml:2:3 job "lost": there is no program no-such-program in PATH \(/m,
    );
  });
});

describe("a command that goes on for too long", () => {
  test("is ended at the job's timeout", async ({ createDeployment }) => {
    const deployment = await createDeployment({
      jobs: [`slow: { every: 1h, timeout: 3s, command: ["sh", "-c", "${UNTIL_OPEN}"] }`],
    });
    const replica = deployment.start();
    await replica.when("leader.elected");
    await deployment.command("trigger", "slow");
    const pid = await pidPrintedBy(replica);
    const failed = await replica.when("run.failed");
    expect(failed["error"]).toMatch(
      /took longer than the 3000 ms .*its handler stopped when its signal aborted/,
    );
    await gone(pid);
  });

  test("is ended at the shutdown deadline, and its run goes to another replica", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment({
      jobs: [`slow: { every: 1h, command: ["sh", "-c", "${UNTIL_OPEN}"] }`],
      settings: ["shutdownTimeout: 0s"],
    });
    const first = deployment.start();
    await first.when("leader.elected");
    await deployment.command("trigger", "slow");
    const pid = await pidPrintedBy(first);
    expect(isAlive(pid)).toBe(true);
    const second = deployment.start();
    await second.when("replica.started");
    await first.end("SIGTERM");
    expect(isAlive(pid)).toBe(false);
    const next = await output(second);
    await deployment.project.write("open", "");
    expect(await second.when("run.completed")).toMatchObject({ run: next["run"], attempt: 1 });
    await gone(Number(next["line"]));
  });

  test("is ended with a replica that is told twice to stop", async ({ createDeployment }) => {
    const deployment = await createDeployment({
      jobs: [`slow: { every: 1h, command: ["sh", "-c", "${UNTIL_OPEN}"] }`],
    });
    const replica = deployment.start();
    await replica.when("leader.elected");
    await deployment.command("trigger", "slow");
    const pid = await pidPrintedBy(replica);
    replica.signal("SIGINT");
    await replica.when("replica.stopping");
    await replica.end("SIGINT");
    await gone(pid);
  });
});
