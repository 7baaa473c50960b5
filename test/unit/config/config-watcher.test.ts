import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect } from "vitest";
import { Aborted } from "../../../src/clock/unless-aborted.ts";
import type { Config } from "../../../src/config/config.ts";
import { ConfigWatcher } from "../../../src/config/config-watcher.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { type ConfigFiles, test } from "../../support/config.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const LOOK_MS = 1_000;
const jobs = (...names: readonly string[]) => {
  return `jobs:\n${names.map(name => `  ${name}: { every: 5s, handler: x }\n`).join("")}`;
};

/** A watcher that has applied the first configuration, and checks when the test says so. */
const it = test.extend(
  "setup",
  ({ writeConfig, onTestFinished }) =>
    async (files: ConfigFiles = { "jobs.yaml": jobs("a") }) => {
      const configDir = await writeConfig(files);
      const clock = new ManualClock();
      const applied: string[][] = [];
      const rejected: (readonly string[])[] = [];
      let resolved = 0;
      let isAside = false;
      const hooks = {
        load: async () => undefined as unknown,
        apply: async (_: Config) => [] as readonly string[],
      };
      let asleep = Promise.withResolvers<void>();
      const watcher = new ConfigWatcher({
        configDir,
        clock: {
          sleep: (ms, signal) => {
            asleep.resolve();
            return clock.sleep(ms, signal);
          },
        },
        load: async () => {
          const result = await loadConfig({ configDir, env: {} });
          await hooks.load();
          return result;
        },
        apply: async config => {
          const objections = await hooks.apply(config);
          if (objections.length === 0) applied.push(config.jobs.map(job => job.name));
          return objections;
        },
        reject: mistakes => rejected.push(mistakes),
        resolve: () => resolved++,
        isLoadedAside: () => isAside,
      });
      onTestFinished(() => watcher.stop());
      /** Resolves when the watcher has looked once more. */
      const look = async (times = 1) => {
        for (let i = 0; i < times; i++) {
          asleep = Promise.withResolvers();
          await clock.advance(LOOK_MS);
          await asleep.promise;
        }
      };
      const start = async () => {
        const first = await watcher.first();
        const looked = asleep.promise;
        watcher.start();
        await looked;
        return first;
      };
      const file = (name: string) => path.join(configDir, name);
      const write = (content: string, name = "jobs.yaml") => writeFile(file(name), content);
      const resolutions = () => resolved;
      const loadAside = () => {
        isAside = true;
      };
      return { watcher, clock, hooks, applied, rejected, resolutions, loadAside, look, start, write, file };
    },
);

describe("a change", () => {
  it("is taken over, once, when two looks agree on it", async ({ setup }) => {
    const { start, look, write, applied, rejected } = await setup();
    expect(await start()).toMatchObject({ ok: true, config: { jobs: [{ name: "a" }] } });
    await look(2);
    await write(jobs("a", "b"));
    await look();
    expect(applied).toEqual([]);
    await look();
    expect(applied).toEqual([["a", "b"]]);
    await look(3);
    expect(applied).toHaveLength(1);
    expect(rejected).toEqual([]);
  });

  it("is left alone while it goes on, and taken back is none", async ({ setup }) => {
    const { start, look, write, applied } = await setup();
    await start();
    for (const name of ["b", "c", "d", "e"]) {
      await write(jobs("a", name));
      await look();
    }
    expect(applied).toEqual([]);
    await write(jobs("a"));
    await look(3);
    expect(applied).toEqual([]);
    await write(jobs("f"));
    await look(2);
    expect(applied).toEqual([["f"]]);
  });

  it("that was refused and is taken back is resolved, once; one that is corrected is taken over instead", async ({
    setup,
  }) => {
    const { start, look, write, applied, rejected, resolutions } = await setup();
    await start();
    await look(2);
    expect(resolutions()).toBe(0);
    await write("jobs: [");
    await look(2);
    expect([rejected.length, resolutions()]).toEqual([1, 0]);
    // For a moment only, as by an editor that writes anew.
    await write(jobs("a"));
    await look();
    await write("jobs: [");
    await look(3);
    expect([rejected.length, resolutions()]).toEqual([1, 0]);
    await write(jobs("a"));
    await look(4);
    expect([rejected.length, resolutions(), applied]).toEqual([1, 1, []]);
    await write("jobs: [");
    await look(2);
    await write(jobs("a", "b"));
    await look(3);
    expect([rejected.length, resolutions(), applied]).toEqual([2, 1, [["a", "b"]]]);
  });

  it("counts when a file comes or goes", async ({ setup }) => {
    const { start, look, write, applied, rejected, file } = await setup();
    await start();
    await write("generation: 7\n", "bellwether.yaml");
    await look(2);
    await write(jobs("json"), "jobs.yml");
    await look(2);
    expect(rejected).toEqual([[expect.stringMatching(/jobs\.yml.*jobs\.yaml/)]]);
    await rm(file("jobs.yml"));
    await rm(file("bellwether.yaml"));
    await look(2);
    expect(applied).toEqual([["a"], ["a"]]);
  });

  it("that happens while it is read is not taken over half: the looks begin anew", async ({ setup }) => {
    const { start, look, write, hooks, applied, rejected } = await setup();
    await start();
    await write(jobs("b"));
    hooks.load = async () => {
      hooks.load = async () => undefined;
      await write("jobs: [");
    };
    await look(2);
    expect({ applied, rejected }).toEqual({ applied: [], rejected: [] });
    await write(jobs("c"));
    await look(2);
    expect({ applied, rejected }).toEqual({ applied: [["c"]], rejected: [] });
  });

  it("that happens while the first configuration is read is noticed", async ({ setup }) => {
    const { start, look, write, hooks, applied } = await setup();
    hooks.load = async () => {
      hooks.load = async () => undefined;
      await write(jobs("b"));
    };
    expect(await start()).toMatchObject({ config: { jobs: [{ name: "a" }] } });
    await look();
    expect(applied).toEqual([["b"]]);
  });
});

describe("a change that is broken", () => {
  it("is told once, with all of its mistakes", async ({ setup }) => {
    const { start, look, write, applied, rejected } = await setup();
    await start();
    await write("jobs:\n  a: { evry: 5s, handler: x }\n  b: { every: 5, handler: x }\n");
    await look(6);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/jobs\.yaml:2:\d+ .*did you mean every/),
        expect.stringMatching(/jobs\.yaml:3:\d+ .*duration/),
      ]),
    );
    expect(applied).toEqual([]);
  });

  it("is told again when it comes again, after the last good one or after a new one", async ({ setup }) => {
    const { start, look, write, applied, rejected } = await setup();
    await start();
    const broken = "jobs: [";
    for (const good of [jobs("a"), jobs("b")]) {
      await write(broken);
      await look(2);
      await write(good);
      await look(2);
    }
    // No look falls between: the new one has just been taken over.
    await write(broken);
    await look(2);
    expect(rejected).toHaveLength(3);
    expect(applied).toEqual([["b"]]);
  });

  it("is told for each new kind of broken", async ({ setup }) => {
    const { start, look, write, rejected } = await setup();
    await start();
    for (const broken of ["jobs: [", "jobs: {", "joobs: {}"]) {
      await write(broken);
      await look(3);
    }
    expect(rejected).toHaveLength(3);
  });

  it("may be one that cannot be read, and is over when it can", async ({ setup }) => {
    const { start, look, write, file, applied, rejected } = await setup();
    await start();
    await rm(file("jobs.yaml"));
    await mkdir(file("jobs.yaml"));
    await look(3);
    expect(rejected).toEqual([[expect.stringMatching(/found a directory, expected a file/)]]);
    await rm(file("jobs.yaml"), { recursive: true });
    await look(3);
    expect(rejected).toHaveLength(2);
    await write(jobs("a"));
    await look(3);
    expect({ applied, rejected: rejected.length }).toEqual({ applied: [], rejected: 2 });
  });
});

describe("a change that is refused by who should go on with it", () => {
  it("does not end the watching when taking it over breaks down", async ({ setup }) => {
    const { hooks, look, start, write, rejected, applied } = await setup();
    await start();
    hooks.apply = async () => {
      throw new Error("no such thing");
    };
    await write(jobs("b"));
    await look(2);
    expect(rejected).toEqual([["the configuration cannot be taken over: no such thing"]]);
    hooks.apply = async () => [];
    await write(jobs("c"));
    await look(2);
    expect(applied).toEqual([["c"]]);
  });

  it("is told once, and asked about again only when it changes or is reloaded", async ({ setup }) => {
    const { watcher, start, look, write, hooks, applied, rejected } = await setup();
    await start();
    const asked: string[] = [];
    hooks.apply = async config => {
      asked.push(config.jobs.map(({ name }) => name).join());
      return ["not now"];
    };
    await write(jobs("b"));
    await look(5);
    expect({ asked, rejected }).toEqual({ asked: ["b"], rejected: [["not now"]] });
    await watcher.reload();
    expect(rejected).toEqual([["not now"], ["not now"]]);
    hooks.apply = async () => [];
    await look(3);
    expect(applied).toEqual([]);
    await watcher.reload();
    expect(applied).toEqual([["b"]]);
    await look(3);
    expect({ applied, rejected: rejected.length }).toEqual({ applied: [["b"]], rejected: 2 });
  });
});

describe("a reload", () => {
  it("reads at once, changed or not", async ({ setup }) => {
    const { watcher, start, look, write, applied } = await setup();
    await start();
    await watcher.reload();
    await write(jobs("b"));
    await watcher.reload();
    await look(3);
    expect(applied).toEqual([["a"], ["b"]]);
  });

  it("waits for the one before it, and a stop waits for both", async ({ setup }) => {
    const { watcher, start, write, hooks, applied, clock } = await setup();
    await start();
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    let inside = 0;
    let most = 0;
    hooks.apply = async () => {
      inside += 1;
      most = Math.max(most, inside);
      entered.resolve();
      await gate.promise;
      inside -= 1;
      return [];
    };
    await write(jobs("b"));
    const reloads = [watcher.reload(), watcher.reload()];
    await entered.promise;
    let isStopped = false;
    const stopped = watcher.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(10 * LOOK_MS);
    expect(isStopped).toBe(false);
    gate.resolve();
    await Promise.all([...reloads, stopped]);
    expect(most).toBe(1);
    expect(applied).toEqual([["b"], ["b"]]);
    await write(jobs("c"));
    await clock.advance(10 * LOOK_MS);
    expect(applied).toHaveLength(2);
  });

  it("whose load is ended by a stop changes nothing and is no mistake", async ({ setup }) => {
    const { watcher, start, write, hooks, applied, rejected } = await setup();
    await start();
    const entered = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    hooks.load = async () => {
      entered.resolve();
      await ended.promise;
      throw new Aborted();
    };
    await write(jobs("b"));
    const reloaded = watcher.reload();
    await entered.promise;
    const stopped = watcher.stop();
    ended.resolve();
    await Promise.all([reloaded, stopped]);
    expect([applied, rejected]).toEqual([[], []]);
  });
});

describe("a change that is loaded aside", () => {
  it("is loaded when the first look finds it, and counts at the second one", async ({ setup }) => {
    const { start, look, write, applied, hooks, loadAside } = await setup();
    await start();
    loadAside();
    let loads = 0;
    hooks.load = async () => void loads++;
    await write(jobs("b"));
    await look();
    await expect.poll(() => loads).toBe(1);
    expect(applied).toEqual([]);
    await look(2);
    expect([applied, loads]).toEqual([[["b"]], 1]);
  });

  it("is loaded again when it goes on changing", async ({ setup }) => {
    const { start, look, write, applied, loadAside } = await setup();
    await start();
    loadAside();
    await write(jobs("b"));
    await look();
    await write(jobs("c"));
    await look();
    expect(applied).toEqual([]);
    await look(2);
    expect(applied).toEqual([["c"]]);
  });
});
