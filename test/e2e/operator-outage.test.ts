import { expect } from "vitest";
import { FaultyProxy } from "../support/faulty-proxy.ts";
import { test as base } from "../support/fixtures.ts";
import type { TestRedis } from "../support/redis-server.ts";
import { TestDeployment } from "../support/test-deployment.ts";

const test = base
  /** A project whose Redis is behind a link of its own. */
  .extend("setup", ({ defer }) => async (server: TestRedis) => {
    const proxy = await FaultyProxy.to(server.port);
    defer(() => proxy.stop());
    const deployment = await TestDeployment.create({
      redisUrl: proxy.url,
      jobs: ["hourly: { every: 1h, handler: echo }"],
    });
    defer(() => deployment.dispose());
    return { proxy, deployment };
  })
  .extend("start", ({ startServer }) => async (): Promise<TestRedis> => {
    const server = await startServer();
    return server;
  });

test("a command whose answer is lost is given again, and carried out once", async ({ start, setup }) => {
  const server = await start();
  const { proxy, deployment } = await setup(server);
  // Known to the server already, it is sent once.
  await deployment.command("skip-next", "hourly");
  proxy.decide = chunk => {
    if (!chunk.includes("skip-next")) return "pass";
    proxy.decide = () => "pass";
    return "cut after";
  };
  const { code, stdout, stderr } = await deployment.command("skip-next", "hourly", "--json");
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^the connection to Redis at \S+ broke; connecting again\n$/),
  });
  const audit = JSON.parse((await deployment.command("audit", "--json")).stdout);
  expect(audit).toHaveLength(2);
  expect(audit[0].ticks).toEqual([JSON.parse(stdout).skips]);
});

const COMMANDS = [
  ["pause", "hourly"],
  ["backfill", "hourly", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T03:00:00Z"],
  ["trigger", "hourly"],
  ["status"],
] as const;

test.for(["freezes", "vanishes behind its address"])(
  "every command ends with exit code 1 and one line when Redis %s while it waits",
  async (fault, { start, setup }) => {
    const server = await start();
    const links = await Promise.all(COMMANDS.map(() => setup(server)));
    const answers = links.map(({ proxy, deployment }, i) => {
      // The format is asked first; what the command itself sends is on the same connection.
      proxy.decide = chunk => {
        if (!/\/format\r\n/.test(chunk)) return "pass";
        if (fault === "freezes") {
          void server.kill("SIGSTOP");
          return "pass";
        }
        proxy.target = 1;
        return "cut after";
      };
      return deployment.command(...(COMMANDS[i] as readonly string[]));
    });
    const lines =
      /^(the connection to Redis at \S+ broke; connecting again\n)?(cannot reach Redis at|Redis at \S+ went away)[^\n]*\n$/;
    for (const answer of await Promise.all(answers)) {
      expect({ ...answer, stdout: "" }).toEqual({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(lines),
      });
    }
  },
);
