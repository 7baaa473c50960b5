import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect } from "vitest";
import type { RedisAddress, TlsFiles } from "../../src/config/redis-address.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { createCertificates } from "../support/certificates.ts";
import { bellwether } from "../support/command.ts";
import { test } from "../support/fixtures.ts";
import { leastRights } from "../support/least-rights.ts";
import { namespace, startRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const it = test
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures in use from this pattern.
  .extend("certificates", { scope: "file" }, async ({}, { onCleanup }) => {
    const dir = await mkdtemp(path.join(tmpdir(), "bellwether-tls-"));
    onCleanup(() => rm(dir, { recursive: true }));
    return { files: createCertificates(dir, "redis"), stranger: createCertificates(dir, "stranger") };
  })
  .extend("server", { scope: "file" }, async ({ certificates }, { onCleanup }) => {
    const { ca, cert, key } = certificates.files;
    const server = await startRedis({
      args: [
        ...["--tls-ca-cert-file", ca, "--tls-cert-file", cert, "--tls-key-file", key],
        ...["--tls-auth-clients", "yes"],
      ],
      tls: true,
    });
    onCleanup(() => server.stop());
    return server;
  })
  .extend("admin", ({ server, certificates, defer }) => (): Redis => {
    const { ca, cert, key } = certificates.files;
    const tls = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
    const redis = new Redis(`rediss://127.0.0.1:${server.port}`, { tls });
    defer(() => redis.disconnect());
    return redis;
  })
  .extend("project", ({ makeProject }) => async (name: string, redis: string) => {
    const made = await makeProject({
      "config/bellwether.yaml": `namespace: ${name}\nredis: ${redis}\nelection: { leaseTtl: 2s }\nhttp: false\n`,
      "config/jobs.yaml": JOBS,
      "jobs/echo.ts": `import { defineHandler } from "bellwether";
export default defineHandler(async (data, run) => {
  await run.progress(50);
  await run.lock("both", { ttl: "5s" }, async () => undefined);
});\n`,
    });
    return made;
  })
  .extend("start", ({ defer }) => (configDir: string): ReplicaProcess => {
    const replica = new ReplicaProcess(["--config", configDir]);
    defer(() => replica.end());
    return replica;
  });

const JOBS = `jobs:
  beat: { every: 1s, handler: echo, overlap: queue, maxRuns: 1000 }
  weekly: { cron: "0 0 * * 0", handler: echo }
`;

interface Certificates {
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly stranger: { readonly ca: string };
}

interface Misfit {
  readonly what: string;
  readonly settings: (certificates: Certificates) => string;
  readonly reason: RegExp;
}

interface AddressCase {
  readonly kind: RedisAddress["kind"];
  readonly addressOf: (port: number, tls: TlsFiles) => RedisAddress;
}

function tlsSettings({ files }: Certificates, { ca = files.ca, more = "" } = {}): string {
  return `tls: { ca: ${ca}, cert: ${files.cert}, key: ${files.key}${more} }`;
}

describe("TLS with client certificates, as a user with the least rights", () => {
  it("is enough for everything that replicas and operators do", async ({
    admin,
    certificates,
    project,
    server,
    start,
  }) => {
    const name = namespace();
    const redis = admin();
    await redis.call("ACL", "SETUSER", name, "on", ">secret", ...leastRights(name));
    const { configDir } = await project(
      name,
      `{ url: "rediss://${name}:secret@127.0.0.1:${server.port}", ${tlsSettings(certificates)} }`,
    );
    const [a, b] = [start(configDir), start(configDir)];
    await Promise.race([a.when("run.completed"), b.when("run.completed")]);
    const at = ["--config", configDir];
    for (const command of [
      ["status"],
      ["pause", "beat"],
      ["resume", "beat"],
      ["skip-next", "weekly"],
      ["skip-next", "weekly", "--undo"],
      ["trigger", "weekly"],
      ["backfill", "weekly", "--from", "2026-01-01", "--to", "2026-02-01"],
      ["stepdown"],
      ["history", "weekly"],
      ["audit"],
    ]) {
      const result = await bellwether([...command, ...at]);
      expect(`${command.join(" ")}: ${result.code} ${result.stderr}`).toBe(`${command.join(" ")}: 0 `);
    }
    await Promise.race([a.end("SIGKILL"), b.when("leader.elected")]);
    await b.when("run.completed");
    const denied = (await redis.call("ACL", "LOG")) as unknown[][];
    expect(denied.map(entry => entry.join(" "))).toEqual([]);
  });

  it("names the command that a user has no right to", async ({
    admin,
    certificates,
    project,
    server,
    start,
  }) => {
    const name = namespace();
    await admin().call("ACL", "SETUSER", name, "on", ">secret", ...leastRights(name), "-evalsha", "-eval");
    const { configDir } = await project(
      name,
      `{ url: "rediss://${name}:secret@127.0.0.1:${server.port}", ${tlsSettings(certificates)} }`,
    );
    const absent = await start(configDir).when("leader.absent");
    expect(absent["error"]).toMatch(/NOPERM.*'evalsha' command/);
    const failed = await bellwether(["pause", "beat", "--config", configDir]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/NOPERM.*'evalsha' command/);
    expect(failed.stderr.trim().split("\n")).toHaveLength(1);
  });

  it("reports what alarms cannot read when a right is taken away", async ({
    admin,
    certificates,
    project,
    server,
    start,
  }) => {
    const name = namespace();
    await admin().call("ACL", "SETUSER", name, "on", ">secret", ...leastRights(name));
    const { configDir } = await project(
      name,
      `{ url: "rediss://${name}:secret@127.0.0.1:${server.port}", ${tlsSettings(certificates)} }`,
    );
    const replica = start(configDir);
    await replica.when("run.completed");
    await admin().call("ACL", "SETUSER", name, "-evalsha", "-eval");
    const warning = await replica.when("redis.warning", ({ problem }) => /NOPERM/.test(String(problem)));
    expect(warning["problem"]).toMatch(/what a replica remembers .*NOPERM.*'evalsha' command/);
  });
});

describe("TLS that does not fit", () => {
  it.for([
    {
      what: "another CA",
      settings: certificates => tlsSettings(certificates, { ca: certificates.stranger.ca }),
      reason: /SELF_SIGNED|UNABLE_TO/,
    },
    {
      what: "another host's certificate",
      settings: certificates => tlsSettings(certificates, { more: ", serverName: redis.example" }),
      reason: /ERR_TLS_CERT_ALTNAME_INVALID/,
    },
    {
      what: "no client certificate",
      settings: ({ files }) => `tls: { ca: ${files.ca} }`,
      reason: /ERR_SSL|ECONNRESET/,
    },
  ] satisfies Misfit[])(
    "tells of $what in one line, and waits",
    async ({ settings, reason }, { certificates, project, server, start }) => {
      const { configDir } = await project(
        namespace(),
        `{ url: "rediss://127.0.0.1:${server.port}", ${settings(certificates)} }`,
      );
      const replica = start(configDir);
      const told = await replica.when("redis.unreachable");
      expect(told["error"]).toMatch(reason);
      const status = await bellwether(["status", "--config", configDir]);
      expect(status.code).toBe(1);
      expect(status.stderr).toMatch(/^cannot reach Redis at rediss:\/\/127\.0\.0\.1:\d+\/?: .+\n$/);
      expect(await replica.end()).toBe(0);
    },
  );

  it.for([
    { kind: "url", addressOf: (port, tls) => ({ kind: "url", url: `rediss://127.0.0.1:${port}`, tls }) },
    {
      kind: "cluster",
      addressOf: (port, tls) => ({ kind: "cluster", nodes: [{ host: "127.0.0.1", port }], tag: "tag", tls }),
    },
  ] satisfies AddressCase[])(
    "raises nothing that nobody catches, wherever in its handshake a connection by $kind is given up",
    async ({ addressOf }, { certificates, server, defer }) => {
      const strays: unknown[] = [];
      const note = (error: unknown) => void strays.push(error);
      process.on("uncaughtException", note);
      defer(() => process.off("uncaughtException", note));
      for (let index = 0; index < 200; index++) {
        const redis = connectRedis(
          addressOf(server.port, { ...certificates.files, serverName: "redis.example" }),
          "plain",
          "test",
        );
        await sleep(index % 10);
        redis.disconnect();
      }
      await sleep(100);
      expect(strays).toEqual([]);
    },
  );

  it("names a file that cannot be read, and does not start", async ({ project, server, start }) => {
    const { configDir } = await project(
      namespace(),
      `{ url: "rediss://127.0.0.1:${server.port}", tls: { ca: /nowhere/ca.pem } }`,
    );
    const replica = start(configDir);
    expect(await replica.end("SIGCONT")).toBe(1);
    expect(replica.noise).toEqual([
      "cannot read /nowhere/ca.pem (ENOENT); correct redis.tls, or make the file readable",
    ]);
  });
});
