import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { startPrivateRedis } from "../../src/private-redis/private-redis.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startReal(env = process.env) {
  const start = await startPrivateRedis(env);
  if (start.outcome === "failed") throw new Error(start.problem);
  cleanups.push(() => start.redis.stop());
  return start.redis;
}

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-test-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

/** An environment in which `redis-server` is a shell script. */
async function withServer(script: string): Promise<NodeJS.ProcessEnv> {
  const folder = await tempFolder();
  const file = path.join(folder, "redis-server");
  await writeFile(file, `#!/bin/sh\n${script}`);
  await chmod(file, 0o755);
  return { ...process.env, PATH: `${folder}${path.delimiter}${process.env["PATH"]}`, FOLDER: folder };
}

async function ask(url: string, command: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(`${command}\r\nQUIT\r\n`);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

async function dataFolder(url: string): Promise<string> {
  return (await ask(url, "CONFIG GET dir")).split("\r\n")[4] ?? "";
}

describe("startPrivateRedis", () => {
  it("starts a server that keeps nothing and evicts nothing, and leaves no trace", async () => {
    const redis = await startReal();
    expect(await ask(redis.url, "PING")).toContain("+PONG");
    expect(await ask(redis.url, "CONFIG GET maxmemory-policy")).toContain("noeviction");
    expect(await ask(redis.url, "CONFIG GET save")).toContain("\r\n$0\r\n");
    const folder = await dataFolder(redis.url);
    expect(existsSync(folder)).toBe(true);
    await redis.stop();
    await redis.stop();
    expect(existsSync(folder)).toBe(false);
    await expect(ask(redis.url, "PING")).rejects.toThrow("ECONNREFUSED");
  });

  it("starts several at once on ports of their own", async () => {
    const servers = await Promise.all([startReal(), startReal(), startReal()]);
    expect(new Set(servers.map(({ url }) => url)).size).toBe(3);
  });

  it("takes another port when somebody was faster", async () => {
    const env = await withServer(
      `[ -e "$FOLDER/tried" ] && exec "$(PATH=\${PATH#*:} command -v redis-server)" "$@"
       echo "$@" > "$FOLDER/tried"; echo "# Could not create server TCP listening socket: bind: Address already in use"; exit 1`,
    );
    const redis = await startReal(env);
    const refused = await readFile(path.join(env["FOLDER"] as string, "tried"), "utf8");
    expect(refused).not.toContain(`--port ${new URL(redis.url).port} `);
  });

  it("tells the last words of a server that does not start", async () => {
    const env = await withServer("echo 'cannot read libfoo.so' >&2; exit 127");
    const start = await startPrivateRedis(env);
    expect(start).toMatchObject({
      outcome: "failed",
      problem: expect.stringContaining("cannot read libfoo.so"),
    });
  });

  it("names every way out when there is no server", async () => {
    const start = await startPrivateRedis({ ...process.env, PATH: await tempFolder() });
    expect(start).toMatchObject({
      outcome: "failed",
      problem: expect.stringMatching(/valkey-server.*apt-get.*REDIS_URL/s),
    });
  });

  it("notices when the server goes by itself", async () => {
    const redis = await startReal();
    await ask(redis.url, "SHUTDOWN NOW");
    await redis.ended;
  });

  it("does not outlive a killed owner", async () => {
    const module = new URL("../../src/private-redis/private-redis.ts", import.meta.url);
    const owner = spawn(
      process.execPath,
      [
        "-e",
        `import("${module}").then(m => m.startPrivateRedis(process.env)).then(s => console.log(s.redis.url))`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    cleanups.push(async () => owner.kill("SIGKILL"));
    const [url] = await once(createInterface({ input: owner.stdout }), "line");
    const folder = await dataFolder(url);
    const watcher = connect(Number(new URL(url).port), "127.0.0.1");
    await once(watcher, "connect");
    owner.kill("SIGKILL");
    await once(watcher.resume(), "close");
    await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
  });
});
