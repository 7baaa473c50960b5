import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type CreateLocksOptions, createLocks } from "../../src/index.ts";
import { startFencedResource, writeTo } from "../support/fenced-resource.ts";
import { test } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";

/** Two hundred turns of a lock, on a disk that etcd waits for each time. */
const COUNT_LIMIT_MS = 120_000;

type Line = Record<string, unknown>;

const it = test
  .extend("startChild", ({ defer }) => (args: readonly string[]) => {
    const script = fileURLToPath(new URL("./locks.child.ts", import.meta.url));
    const child: ChildProcess = spawn(process.execPath, [script, ...args], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const lines: Line[] = [];
    let changed = Promise.withResolvers<void>();
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    const ended = once(child, "exit").then(() => changed.resolve());
    defer(async () => {
      if (!hasEnded()) child.kill("SIGKILL");
      await ended;
    });
    if (child.stdout === null) throw new Error("BUG: no stdout");
    createInterface(child.stdout).on("line", line => {
      lines.push(JSON.parse(line));
      changed.resolve();
      changed = Promise.withResolvers<void>();
    });
    const line = async (name: string): Promise<Line> => {
      for (;;) {
        const found = lines.find(candidate => candidate["name"] === name);
        if (found) return found;
        if (hasEnded()) throw new Error(`ended without ${name}: ${JSON.stringify(lines)}`);
        await changed.promise;
      }
    };
    return { process: child, line };
  })
  .extend("setup", ({ etcd, server, defer, startChild }) => async (store: "redis" | "etcd" = "redis") => {
    const address = { hosts: [etcd.url], tls: null, credentials: null };
    const config: CreateLocksOptions["config"] = {
      namespace: namespace(),
      redis: { kind: "url", url: server.url },
      election: { leaseTtlMs: 10_000, ...(store === "redis" ? { store } : { store, etcd: address }) },
    };
    const locks = createLocks({ config, id: "me" });
    defer(() => locks.stop());
    const resource = await startFencedResource();
    defer(() => resource.close());
    return {
      locks,
      resource,
      count: (file: string, times: number) =>
        startChild(["count", JSON.stringify(config), file, String(times)]),
      hold: (ttl: string) => startChild(["hold", JSON.stringify(config), ttl, resource.url]),
    };
  });

it.for(["redis", "etcd"] as const)(
  "loses no increment of a counter that four processes count up under the lock, on %s",
  { timeout: COUNT_LIMIT_MS },
  async (store, { setup, makeFolder }) => {
    const { count } = await setup(store);
    const dir = await makeFolder();
    const file = path.join(dir, "counter");
    await writeFile(file, "0");
    const children = Array.from({ length: 4 }, () => count(file, 50));
    await Promise.all(children.map(child => child.line("done")));
    expect(await readFile(file, "utf8")).toBe("200");
  },
);

it.for(["redis", "etcd"] as const)(
  "gives the lock of a killed process to the next one, on %s",
  async (store, { setup }) => {
    const { locks, hold } = await setup(store);
    const child = hold("1s");
    const { fence } = await child.line("acquired");
    child.process.kill("SIGKILL");
    const next = await locks.lock("held", { ttl: "10s", wait: "20s" }, lock => lock.fence);
    expect(next).toBeGreaterThan(Number(fence));
  },
);

it.for(["redis", "etcd"] as const)(
  "aborts a process frozen beyond its TTL, and the fence keeps its late write out, on %s",
  async (store, { setup, defer }) => {
    const { locks, resource, hold } = await setup(store);
    const child = hold("1s");
    const { fence } = await child.line("acquired");
    child.process.kill("SIGSTOP");
    defer(() => child.process.kill("SIGCONT"));

    await locks.lock("held", { ttl: "10s", wait: "20s" }, async lock => {
      expect(lock.fence).toBeGreaterThan(Number(fence));
      expect(await writeTo(resource.url, lock.fence, "me")).toBe(true);
    });

    child.process.kill("SIGCONT");
    await child.line("aborted");
    child.process.send("write all the same");
    expect(await child.line("written")).toMatchObject({ isAccepted: false });
    expect(resource.accepted).toMatchObject([{ by: "me" }]);
  },
);

it("keeps a lock out of others' hands while its holder lives", async ({ setup }) => {
  const { locks, hold } = await setup();
  const child = hold("5s");
  await child.line("acquired");
  const error = await locks.lock("held", { ttl: "10s", wait: "11s" }, () => "taken").catch(error => error);
  expect(error).toMatchObject({ code: "BW_LOCK_TIMEOUT" });
  expect(error.fields.holder).toContain(`child-${child.process.pid}-`);
});
