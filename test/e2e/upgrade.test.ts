import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { redisKeys } from "../../src/redis/keys.ts";
import { test as base } from "../support/fixtures.ts";
import { TestDeployment } from "../support/test-deployment.ts";

const CHILD = path.resolve(import.meta.dirname, "upgrade.child.ts");

const test = base
  /** This release, or the same with another format, as a process. */
  .extend("release", ({ defer }) => (deployment: TestDeployment, format: number) => {
    const child = spawn(process.execPath, [CHILD, deployment.project.configDir, String(format)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, DEPLOYMENT_DIR: deployment.project.dir },
    });
    const lines: Record<string, unknown>[] = [];
    const waiting = new Set<() => void>();
    createInterface({ input: child.stdout }).on("line", line => {
      lines.push(JSON.parse(line));
      for (const check of waiting) check();
    });
    const when = (event: string, matches: (line: Record<string, unknown>) => boolean = () => true) =>
      new Promise<Record<string, unknown>>(resolve => {
        const check = () => {
          const found = lines.find(line => line["event"] === event && matches(line));
          if (found) resolve(found);
        };
        waiting.add(check);
        check();
      });
    const end = async (signal: NodeJS.Signals = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, "exit");
      }
      return child.exitCode;
    };
    defer(() => end("SIGKILL"));
    return { child, when, end };
  })
  .extend("setup", ({ server, defer }) => async () => {
    const deployment = await TestDeployment.create({
      redisUrl: server.url,
      jobs: ["beat: { every: 1s, handler: echo }"],
    });
    defer(() => deployment.dispose());
    const keys = redisKeys(deployment.namespace);
    const untilFormat = async (format: string) => {
      const admin = deployment.redis();
      while ((await admin.get(keys.format)) !== format) await new Promise(resolve => setTimeout(resolve, 50));
    };
    return { deployment, keys, untilFormat };
  });

test("a release with the next format works beside the older one, and raises the format when that is gone", async ({
  setup,
  release,
}) => {
  const { deployment, keys, untilFormat } = await setup();
  const old = release(deployment, 1);
  await old.when("leader.elected");
  await untilFormat("1");
  const next = release(deployment, 2);
  await next.when("leader.observed");
  await Promise.all([old.when("run.completed"), next.when("run.completed")]);
  expect(await deployment.redis().get(keys.format)).toBe("1");
  expect(await old.end()).toBe(0);
  await next.when("leader.elected");
  await untilFormat("2");
  expect(await next.end()).toBe(0);
});

test("an older release does not start on newer data, and neither do its commands act on it", async ({
  setup,
}) => {
  const { deployment, keys } = await setup();
  await deployment.redis().set(keys.format, "2");
  const replica = deployment.start();
  expect(await replica.end("SIGCONT")).toBe(1);
  const line =
    "the data in Redis has format 2, written by a newer release of Bellwether, and this one knows format 1; upgrade this one, or use another namespace";
  expect(replica.noise).toEqual([line]);
  const pause = await deployment.command("pause", "beat");
  expect(pause).toEqual({ code: 1, stdout: "", stderr: `${line}\n` });
});

test("an older replica that was away while the others were upgraded stops when it is back", async ({
  setup,
  release,
}) => {
  const { deployment, keys } = await setup();
  const old = release(deployment, 1);
  await old.when("leader.elected");
  await deployment.redis().set(keys.format, "2");
  const [code] = await once(old.child, "exit");
  expect(code).toBe(1);
  expect(await old.when("test.failed")).toMatchObject({ error: expect.stringContaining("BellwetherError") });
});
