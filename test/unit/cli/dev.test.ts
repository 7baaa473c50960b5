import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Keyboard } from "../../../src/cli/dev/keyboard.ts";
import { dev } from "../../../src/cli/dev.ts";

const fakeReplica = fileURLToPath(new URL("./dev-fake-replica.ts", import.meta.url));
const cleanups: (() => void)[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0)) cleanup();
});

class FakeTerminal extends EventEmitter {
  isRaw = false;
  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }
  pause = () => undefined;
  press(keys: string): void {
    this.emit("data", Buffer.from(keys));
  }
}

/** Runs `dev` with fake replicas; `until` waits for a line of its output. */
function setup(env: NodeJS.ProcessEnv = {}, replicas = 2, terminal?: FakeTerminal) {
  let output = "";
  let wake = Promise.withResolvers<void>();
  const print = (text: string) => {
    output += text;
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const signals = new EventEmitter();
  const keyboard: Keyboard | undefined = terminal && { input: terminal, isInForeground: () => true };
  const unread = new AbortController();
  const exit = dev(
    { config: "config", replicas },
    {
      env: { PATH: process.env["PATH"], ...env },
      cwd: process.cwd(),
      out: print,
      err: print,
      unread: unread.signal,
    },
    { signals, bellwether: [process.execPath, fakeReplica], paint: (_style, text) => text, keyboard },
  );
  const until = async (pattern: RegExp, times = 1): Promise<RegExpMatchArray[]> => {
    for (;;) {
      const matches = [...output.matchAll(new RegExp(pattern, "g"))];
      if (matches.length >= times) return matches;
      await wake.promise;
    }
  };
  cleanups.push(() => signals.emit("SIGTERM"));
  return {
    exit,
    until,
    ctrlC: () => signals.emit("SIGINT"),
    closeOutput: () => unread.abort(),
    output: () => output,
  };
}

describe("dev", () => {
  it("runs the replicas on one private Redis until Ctrl-C, and says how to see a handoff", async () => {
    const { exit, until, ctrlC, output } = setup();
    const [first, second] = await until(/redis=(redis:\S+)/, 2);
    expect(first?.[1]).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(second?.[1]).toBe(first?.[1]);
    const [[, pid]] = (await until(/replica-1 runs as pid (\d+)/)) as [RegExpMatchArray];
    await until(new RegExp(`replica-1 leads. To see a handoff: kill -9 ${pid}`));
    ctrlC();
    ctrlC();
    expect(await exit).toBe(0);
    expect(output().match(/replica\.stopped/g)).toHaveLength(2);
  });

  it("ends everything at once when asked again", async () => {
    const { exit, until, ctrlC } = setup({ FAKE_REPLICA: "stubborn" }, 1);
    await until(/replica-1 leads/);
    ctrlC();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 2_000);
    ctrlC();
    expect(await exit).toBe(1);
  });

  it("tells a mistake in the configuration once, and exits with 2", async () => {
    const { exit, output } = setup({ FAKE_REPLICA: "misconfigured" });
    expect(await exit).toBe(2);
    expect(output().match(/unknown key corn/g)).toHaveLength(1);
  });

  it("shows once what running replicas say against a changed configuration, and that they go on", async () => {
    const { exit, until, ctrlC, output } = setup({ FAKE_REPLICA: "rejecting" });
    await until(/dev +replica-\d goes on with the configuration from before/);
    await until(/replica\.started/, 2);
    ctrlC();
    expect(await exit).toBe(0);
    expect(output().match(/config\.rejected +jobs\.yaml:9:1 later/g)).toHaveLength(1);
  });

  it("restarts one replica after the other when handlers have changed, the leader last", async () => {
    const { exit, until, ctrlC, output } = setup({}, 3);
    await until(/replica\.started/, 3);
    // The editor's save, which each replica notices by itself.
    for (const [, pid] of await until(/runs as pid (\d+)/, 3)) process.kill(Number(pid), "SIGUSR2");
    await until(/replica\.started/, 6);
    ctrlC();
    expect(await exit).toBe(0);
    const steps = output()
      .match(/replica-\d(?=-0a1b +replica\.(?:started|stopped))/g)
      ?.slice(3, 9);
    expect(steps?.slice(0, 4).toSorted()).toEqual(["replica-2", "replica-2", "replica-3", "replica-3"]);
    expect(steps?.[0]).toBe(steps?.[1]);
    expect(steps?.slice(4)).toEqual(["replica-1", "replica-1"]);
    expect(output()).toContain(
      "jobs/a.ts, lib/b.ts changed: the replicas restart one after the other, the leader last",
    );
    expect(output()).not.toContain("handlers.changed");
  });

  it("obeys keys, and says which ones", async () => {
    const terminal = new FakeTerminal();
    const { exit, until, output } = setup({}, 2, terminal);
    await until(/replica-1 leads\. To see a handoff: press k, f or r/);
    await until(/replica-2 runs as pid/);
    terminal.press("x?");
    await until(/dev +press k to kill the leader, f to freeze it/);
    terminal.press("kk");
    await until(/replica-1 was killed/);
    await until(/no replica leads at the moment|replica-1 was killed.*\n.*replica-1 was killed/);
    await until(/replica-1 \(pid \d+\) was ended by SIGKILL/);
    await until(/replica-1 leads/, 2);
    terminal.press("f");
    await until(/replica-1 is frozen/);
    terminal.press("\u0003");
    expect(await exit).toBe(0);
    expect(output().match(/replica\.stopped/g)).toHaveLength(2);
    expect(terminal.listenerCount("data")).toBe(0);
    expect(terminal.isRaw).toBe(false);
  });

  it("has nothing to thaw when the frozen leader is killed", async () => {
    const terminal = new FakeTerminal();
    const { exit, until, output } = setup({}, 1, terminal);
    await until(/replica-1 leads/);
    terminal.press("f");
    await until(/replica-1 is frozen/);
    terminal.press("k");
    // After the second death it starts again later than a frozen replica is thawed.
    await until(/replica-1 leads/, 2);
    terminal.press("k");
    await until(/replica-1 leads/, 3);
    terminal.press("q");
    expect(await exit).toBe(0);
    expect(output()).not.toContain("goes on");
  });

  it("says why it cannot make the leader resign", async () => {
    const terminal = new FakeTerminal();
    const { exit, until } = setup({}, 1, terminal);
    await until(/replica-1 leads/);
    terminal.press("r");
    await until(/dev +the leader was not made to resign: .* so none can step down/);
    terminal.press("q");
    expect(await exit).toBe(0);
  });

  it("stops when what read its output has closed it", async () => {
    const { exit, until, closeOutput, output } = setup();
    await until(/replica\.started/, 2);
    closeOutput();
    expect(await exit).toBe(0);
    expect(output().match(/replica\.stopped/g)).toHaveLength(2);
  });

  it("uses the Redis in REDIS_URL and shows no password", async () => {
    const { exit, until, ctrlC, output } = setup({ REDIS_URL: "redis://me:secret@db:6379/3", PATH: "" });
    await until(/redis=redis:\/\/me:secret@db:6379\/3/, 2);
    expect(output()).toContain("redis://me:***@db:6379/3 (from REDIS_URL)");
    ctrlC();
    expect(await exit).toBe(0);
  });

  it("says what to do when there is no Redis to be had", async () => {
    const { exit } = setup({ PATH: "" });
    await expect(exit).rejects.toThrow(/no redis-server or valkey-server.*REDIS_URL/s);
  });

  it("stops when its private Redis goes", async () => {
    const { exit, until } = setup();
    const [[, port]] = (await until(/redis=redis:\/\/127\.0\.0\.1:(\d+)/, 2)) as [RegExpMatchArray];
    spawn("redis-cli", ["-p", String(port), "SHUTDOWN", "NOW"], { stdio: "ignore" });
    expect(await exit).toBe(1);
  });

  it("takes its replicas with it when it is killed", async () => {
    const main = new URL("../../../src/cli/dev.ts", import.meta.url);
    const io = "{ env: process.env, cwd: '.', out: t => process.stdout.write(t), err: console.error }";
    const parts = `{ signals: process, bellwether: [process.execPath, ${JSON.stringify(fakeReplica)}], paint: (_, t) => t }`;
    const killed = spawn(
      process.execPath,
      ["-e", `import("${main}").then(m => m.dev({ config: "config", replicas: 1 }, ${io}, ${parts}))`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    for await (const chunk of killed.stdout) {
      output += chunk;
      if (/replica-1 leads/.test(output)) killed.kill("SIGKILL");
    }
    const pid = Number(/runs as pid (\d+)/.exec(output)?.[1]);
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  });
});

/** A process that has ended but was not waited for is a zombie: it counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // Linux, in a container whose first process does not reap.
  return !existsSync(`/proc/${pid}/stat`) || !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}
