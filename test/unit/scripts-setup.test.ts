import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { isInstalled } from "../../scripts/setup/dependencies.mjs";
import { isAtLeast } from "../../scripts/setup/node-version.mjs";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-test-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  cleanups.push(async () => child.kill("SIGKILL"));
  return child;
}

describe("isInstalled", () => {
  const locked = {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b": { version: "2.0.0", integrity: "sha512-b", optional: true },
    "node_modules/c": { version: "3.0.0", integrity: "sha512-c", devOptional: true },
  };
  const { "": _root, "node_modules/b": _b, "node_modules/c": _c, ...installed } = locked;
  const { "node_modules/a": _a, ...withoutA } = installed;

  async function setup(record: object | null): Promise<string> {
    const root = await tempFolder();
    await writeFile(path.join(root, "package-lock.json"), JSON.stringify({ packages: locked }));
    await mkdir(path.join(root, "node_modules"));
    if (record) {
      await writeFile(
        path.join(root, "node_modules/.package-lock.json"),
        JSON.stringify({ packages: record }),
      );
    }
    return root;
  }

  it.each([
    ["all that this platform needs is there", installed, true],
    ["something that is not in the lock is there too", { ...installed, "node_modules/z": {} }, true],
    ["an install was interrupted", null, false],
    ["a package is missing", withoutA, false],
    ["another version is there", { ...installed, "node_modules/a": { version: "1.0.1" } }, false],
    [
      "the same version from elsewhere is there",
      { ...installed, "node_modules/a": { version: "1.0.0", integrity: "sha512-x" } },
      false,
    ],
  ])("when %s", async (_title, record, expected) => {
    expect(isInstalled(await setup(record))).toBe(expected);
  });
});

describe("isAtLeast", () => {
  it.each([
    ["22.18.0", "22.18", true],
    ["22.17.9", "22.18", false],
    ["24.0.0", "22.18", true],
    ["20.20.2", "22.18", false],
    ["22.18.1", "22.18.1", true],
  ])("compares %s with %s as numbers", (version, wanted, expected) => {
    expect(isAtLeast(version, wanted)).toBe(expected);
  });
});

describe("withLock", () => {
  const module = new URL("../../scripts/setup/lock.mjs", import.meta.url);

  /** A process that notes when it enters and leaves, and stays inside for a moment. */
  function enter(root: string, log: string, then = ""): ChildProcess {
    const note = (word: string) => `appendFileSync(${JSON.stringify(log)}, ${JSON.stringify(`${word}\n`)});`;
    return start([
      "--input-type=module",
      "-e",
      `import { appendFileSync } from "node:fs"; import { withLock } from "${module}";
       withLock(${JSON.stringify(root)}, () => {
         ${note("in")} ${then} Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); ${note("out")}
       });`,
    ]);
  }

  it("lets one process in at a time", async () => {
    const root = await tempFolder();
    const log = path.join(root, "log");
    await Promise.all([1, 2, 3].map(() => once(enter(root, log), "exit")));
    expect(await readFile(log, "utf8")).toBe("in\nout\n".repeat(3));
  });

  it("takes over from a process that was killed inside", async () => {
    const root = await tempFolder();
    const log = path.join(root, "log");
    await once(enter(root, log, "process.kill(process.pid, 'SIGKILL');"), "exit");
    await Promise.all([1, 2].map(() => once(enter(root, log), "exit")));
    expect(await readFile(log, "utf8")).toBe("in\nin\nout\nin\nout\n");
  });
});

describe("with-setup", () => {
  const script = fileURLToPath(new URL("../../scripts/with-setup.mjs", import.meta.url));

  it("exits as the command exits", async () => {
    expect(await once(start([script, "sh", "-c", "exit 7"]), "exit")).toEqual([7, null]);
    expect(await once(start([script, "sh", "-c", "kill -KILL $$"]), "exit")).toEqual([null, "SIGKILL"]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("passes %s on", async signal => {
    const code =
      "process.once(process.argv[1], () => process.exit(7)); setInterval(() => {}, 1e6); console.log('up')";
    const child = start([script, "node", "-e", code, signal]);
    await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([7, null]);
  });

  it("says so when there is no such command", async () => {
    const child = spawn(process.execPath, [script, "no-such-command"], {
      stdio: ["ignore", "inherit", "pipe"],
    });
    const exit = once(child, "exit");
    let stderr = "";
    for await (const chunk of child.stderr) stderr += chunk;
    expect(stderr).toContain("Cannot run no-such-command");
    expect(await exit).toEqual([127, null]);
  });
});
