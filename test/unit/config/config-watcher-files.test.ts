// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what the tests are about
import { execFileSync } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import { ConfigWatcher } from "../../../src/config/config-watcher.ts";
import { formatIssue, loadConfig } from "../../../src/config/load.ts";
import { ONE_JOB, test } from "../../support/config.ts";

/** A watcher that checks without waiting; `next` resolves with what it applies or refuses next. */
const it = test.extend("watch", ({ onTestFinished }) => async (configDir: string) => {
  let heard = Promise.withResolvers<Config | readonly string[]>();
  const watcher = new ConfigWatcher({
    configDir,
    clock: { sleep: () => turn() },
    load: () => loadConfig({ configDir, env: {} }),
    apply: async config => {
      heard.resolve(config);
      return [];
    },
    reject: mistakes => heard.resolve(mistakes),
  });
  const first = await watcher.first();
  watcher.start();
  onTestFinished(() => watcher.stop());
  const next = (change: () => Promise<void>) => {
    heard = Promise.withResolvers();
    return change().then(() => heard.promise);
  };
  return { first, next };
});

it("takes over a secret that has changed, and refuses one that is gone", async ({ writeConfig, watch }) => {
  const configDir = await writeConfig({ "jobs.yaml": ONE_JOB, secret: "first\n" });
  const secret = path.join(configDir, "secret");
  await writeFile(path.join(configDir, "bellwether.yaml"), `namespace: \${file:${secret}}`);
  const { first, next } = await watch(configDir);
  expect(first).toMatchObject({ ok: true, config: { namespace: "first" } });
  expect(await next(() => writeFile(secret, "second\n"))).toMatchObject({ namespace: "second" });
  expect(await next(() => rename(secret, `${secret}.old`))).toEqual([
    `${path.join(configDir, "bellwether.yaml")}:1:12 namespace: ${secret}: there is no such file: mount it, or write \${file:${secret}:-default}`,
  ]);
});

it("does not wait for a pipe in the place of a calendar", async ({ writeConfig, watch }) => {
  const jobs = `calendars: { x: { file: x.ics } }\n${ONE_JOB}`;
  const configDir = await writeConfig({ "jobs.yaml": jobs });
  execFileSync("mkfifo", [path.join(configDir, "x.ics")]);
  const { first, next } = await watch(configDir);
  const mistakes = first.ok ? [] : first.issues.map(formatIssue);
  expect(mistakes.join()).toMatch(/it is not a regular file$/);
  expect(await next(() => writeFile(path.join(configDir, "jobs.yaml"), ONE_JOB))).toHaveProperty("jobs");
});
