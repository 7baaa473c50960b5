import { describe, expect } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { readReplicas } from "../../src/redis/replica-registry.ts";
import { Replica } from "../../src/replica/replica.ts";
import { test as base } from "../support/fixtures.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const test = base
  /** A replica behind a link that lets nothing through, and its configuration with these jobs from a generation on. */
  .extend("replica", async ({ link, makeProject, defer }) => {
    const project = await makeProject({});
    const name = namespace();
    const configOf = async (generation: number, jobs: string) => {
      await project.write(
        "config/bellwether.yaml",
        `namespace: ${name}\nredis: { url: "${link.url}" }\nhttp: false\ngeneration: ${generation}\n`,
      );
      await project.write("config/jobs.yaml", `jobs:\n  ${jobs}\n`);
      const loaded = await loadConfig({ configDir: project.configDir, env: {} });
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
      return loaded.config;
    };
    link.cut();
    const recorder = new Recorder();
    const config = await configOf(1, 'old: { every: 1s, command: ["true"] }');
    const replica = new Replica({ config, events: recorder.events, log: "none" });
    defer(() => replica.stop("test"));
    return { replica, recorder, configOf, keys: redisKeys(name) };
  });

describe("a changed configuration that arrives while Redis is away", () => {
  test("is the one that the replica joins, leads and works with", async ({
    link,
    connect,
    replica: { replica, recorder, configOf, keys },
  }) => {
    const started = replica.start();
    await recorder.when("replica.started");
    const changed = await configOf(2, 'new: { every: 1s, queue: other, command: ["true"] }');
    expect(await replica.reconfigure(changed)).toEqual([]);
    link.mend();
    await started;
    await recorder.when("run.completed");
    const jobs = new Set(recorder.of("run.completed").map(({ job }) => job));
    expect([...jobs]).toEqual(["new"]);
    expect(await readReplicas(await connect("plain"), keys)).toMatchObject([{ generation: 2 }]);
  });

  test("waits for the handlers of the first one, and is not taken over by a replica that is stopped", async ({
    replica: { replica, recorder, configOf },
  }) => {
    const reconfigured = replica.reconfigure(await configOf(2, 'new: { every: 1s, command: ["true"] }'));
    const started = replica.start();
    expect(await reconfigured).toEqual([]);
    expect(recorder.of("config.loaded").map(({ generation }) => generation)).toEqual([1, 2]);
    await replica.stop("test");
    await started;
    const later = await configOf(3, 'new: { every: 1s, command: ["true"] }');
    expect(await replica.reconfigure(later)).toEqual([]);
    expect(replica.carried.generation).toBe(2);
  });
});
