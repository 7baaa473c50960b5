/**
 * What tests of real servers take out of their context: `test("…", async ({ connect, keys }) => …)`. Vitest makes what a test
 * names, and ends it with the test, or with the file where it says so. A file adds its own with
 * `test.extend("setup", ({ connect }) => …)`.
 */
import { expect, type TestAPI, type TestContext } from "vitest";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { startEtcd } from "./etcd-server.ts";
import { FaultyLink } from "./faulty-link.ts";
import { test as base } from "./folders.ts";
import { namespace, startRedis, type TestRedisOptions } from "./redis-server.ts";
import { TestDeployment, type TestDeploymentOptions } from "./test-deployment.ts";

export const test = base
  /** What a file sets for its Redis: `test.override("redisOptions", { args: […] })`. */
  .extend("redisOptions", { scope: "file" }, {} as TestRedisOptions)
  /** A Redis of the file, which its tests share. */
  .extend("server", { scope: "file" }, async ({ redisOptions }, { onCleanup }) => {
    const server = await startRedis(redisOptions);
    onCleanup(() => server.stop());
    return server;
  })
  /** An etcd of the file. */
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures in use from this pattern.
  .extend("etcd", { scope: "file" }, async ({}, { onCleanup }) => {
    const etcd = await startEtcd();
    onCleanup(() => etcd.stop());
    return etcd;
  })
  /** A Redis of the test's own, for tests that configure it, kill it or empty it. */
  .extend("startServer", ({ defer }) => async (options?: TestRedisOptions) => {
    const server = await startRedis(options);
    defer(() => server.stop());
    return server;
  })
  /** The keys of a namespace of the test's own. */
  .extend("keys", () => redisKeys(namespace()))
  /** Opens a connection as a replica has it, and waits until it is ready. */
  .extend("connect", ({ server, defer }) => async (purpose: Purpose, url = server.url) => {
    const redis = connectRedis({ kind: "url", url }, purpose, "test");
    defer(() => redis.disconnect());
    await new Promise(resolve => redis.once("ready", resolve));
    return redis;
  })
  /** A way to the file's Redis that a test can break. */
  .extend("link", async ({ server, defer }) => {
    const link = await FaultyLink.to(server.port);
    defer(() => link.stop());
    return link;
  })
  /** A deployment on the file's Redis or another one. Its replicas print nothing but their logs. */
  .extend(
    "deploy",
    ({ server, onTestFailed, defer }) =>
      async (options: Partial<TestDeploymentOptions>): Promise<TestDeployment> => {
        const deployment = await TestDeployment.create({ redisUrl: server.url, jobs: [], ...options });
        onTestFailed(() => console.log(deployment.transcript()));
        defer(async () => {
          await deployment.dispose();
          for (const { noise } of deployment.replicas) expect(noise).toEqual([]);
        });
        return deployment;
      },
  );

/** What the functions of a file's own fixtures take. */
export type Fixtures = typeof test extends TestAPI<infer Own> ? Own & TestContext : never;
