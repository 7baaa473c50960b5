/** What npm packs, installed in an empty project, on the releases of Node that its users have. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plainEnvironment } from "../support/command.ts";
import { nodeRelease } from "../support/node-release.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const TOO_OLD = "20.20.2";
/** The oldest release that package.json allows. */
const OLDEST = "22.18.0";
const SIZE_LIMIT_MB = 75;

let folder: string;
/** A checkout with no build in it. */
let checkout: string;
/** A project with the packed Bellwether and what a project on BullMQ depends on anyway. */
let consumer: string;
/** The packed file. */
let tarball: string;
let oldNode: string;
let nodes: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "bellwether-package-"));
  checkout = path.join(folder, "checkout");
  consumer = path.join(folder, "consumer");
  await mkdir(checkout);
  await mkdir(consumer);
  const sources = ["package.json", "README.md", "LICENSE", "tsconfig.json", "tsconfig.build.json"];
  for (const name of [...sources, "scripts", "src"]) {
    await cp(path.join(ROOT, name), path.join(checkout, name), { recursive: true });
  }
  oldNode = nodeRelease(TOO_OLD);
  nodes = {
    "the oldest Node that it supports": nodeRelease(OLDEST),
    "the Node of its checkout": path.dirname(process.execPath),
  };
}, 240_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command with that Node first in PATH, and with none that a checkout's npm put there. */
async function run(cwd: string, node: string, program: string, ...args: string[]) {
  const ours = (entry: string) => entry.includes("node_modules") || entry.includes(".cache");
  const machine = (process.env["PATH"] ?? "").split(path.delimiter).filter(entry => !ours(entry));
  const npmSettings = /^npm_(package|lifecycle|command|execpath|node_execpath|config_(local_)?prefix)/;
  const inherited = Object.entries(plainEnvironment()).filter(([name]) => !npmSettings.test(name));
  const env = { ...Object.fromEntries(inherited), PATH: [node, ...machine].join(path.delimiter) };
  return await promisify(execFile)(program, args, { cwd, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

test("packing a checkout without its dependencies says in one line what is missing", async () => {
  const { code, stderr } = await run(checkout, oldNode, "npm", "pack", "--silent");
  expect(code).not.toBe(0);
  expect(stderr).toBe("cannot build: TypeScript is not installed here; run `npm ci` first\n");
});

describe("the package", () => {
  beforeAll(async () => {
    await symlink(path.join(ROOT, "node_modules"), path.join(checkout, "node_modules"));
    const packed = await run(checkout, oldNode, "npm", "pack", "--silent", "--pack-destination", folder);
    expect(packed).toMatchObject({ code: 0, stderr: "" });
    tarball = packed.stdout.trim();
    const manifest = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
    const { bullmq, ioredis, pino } = manifest.dependencies;
    await writeFile(
      path.join(consumer, "package.json"),
      JSON.stringify({
        name: "consumer",
        private: true,
        type: "module",
        scripts: { node: "node --print process.version" },
        dependencies: { bellwether: `file:../${tarball}`, bullmq, ioredis, pino },
      }),
    );
    const install = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
    expect(await run(consumer, oldNode, "npm", ...install)).toMatchObject({ code: 0 });
  }, 240_000);

  test("holds what src holds: a module for each module, and the scripts for Redis and etcd", async () => {
    const listed = async (dir: string) =>
      (await readdir(dir, { recursive: true })).filter(file => /\.(js|ts|lua)$/.test(file));
    const built = await listed(path.join(consumer, "node_modules/bellwether/dist"));
    const expected = (await listed(path.join(ROOT, "src"))).flatMap(file =>
      file.endsWith(".ts") ? [file.replace(/ts$/, "js"), file.replace(/ts$/, "d.ts")] : [file],
    );
    expect(built.sort()).toEqual(expected.sort());
  });

  test(`takes less than ${SIZE_LIMIT_MB} MB with bullmq, ioredis and pino`, async () => {
    const { stdout } = await run(consumer, oldNode, "du", "-sm", "node_modules");
    expect(Number.parseInt(stdout, 10)).toBeLessThan(SIZE_LIMIT_MB);
  });

  test("is installed as README says, in a project of `bellwether init`, and not by the project's image", async () => {
    const readme = await readFile(path.join(ROOT, "README.md"), "utf8");
    expect(readme).toContain(`npm install --save-dev ~/bellwether/${tarball} `);
    const node = nodes["the Node of its checkout"] ?? "";
    await run(consumer, node, "npx", "bellwether", "init", path.join(folder, "my-jobs"));
    const project = path.join(folder, "my-jobs");
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    expect(await run(project, node, "npm", "install", ...quiet, "--save-dev", `../${tarball}`)).toMatchObject(
      {
        code: 0,
      },
    );
    expect(await run(project, node, "npx", "bellwether", "check")).toMatchObject({ code: 0 });
    expect(await readFile(path.join(project, "README.md"), "utf8")).toContain(tarball);
    // Its Dockerfile: where there is no such file, and Bellwether is the image's.
    await rm(path.join(project, "node_modules"), { recursive: true });
    await rename(path.join(folder, tarball), path.join(folder, "away.tgz"));
    try {
      expect(await run(project, node, "npm", "ci", ...quiet, "--omit=dev")).toMatchObject({ code: 0 });
    } finally {
      await rename(path.join(folder, "away.tgz"), path.join(folder, tarball));
    }
  });

  test("leaves `npm run` to the Node of the machine", async () => {
    expect(await readdir(path.join(consumer, "node_modules/.bin"))).not.toContain("node");
    const { stdout } = await run(consumer, oldNode, "npm", "run", "--silent", "node");
    expect(stdout).toBe(`v${TOO_OLD}\n`);
  });

  test.each(["the oldest Node that it supports", "the Node of its checkout"])(
    "is a command and a library on %s",
    async name => {
      const node = nodes[name] ?? "";
      const bellwether = (...args: string[]) => run(consumer, node, "npx", "bellwether", ...args);
      const { version } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
      expect(await bellwether("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });

      const project = name.replaceAll(" ", "-");
      expect(await bellwether("init", project)).toMatchObject({ code: 0 });
      const config = ["--config", `${project}/config`];
      const check = await bellwether("check", ...config);
      expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: 1 jobs/) });
      const next = await bellwether("next", "hello", "--json", "--count", "2", ...config);
      expect(next).toMatchObject({ code: 0, stdout: expect.stringContaining("hello") });

      const library = 'import("bellwether").then(all => console.log(typeof all.Replica))';
      expect(await run(consumer, node, "node", "--eval", library)).toMatchObject({
        code: 0,
        stdout: "function\n",
      });
    },
  );

  test("says in one line which Node it needs", async () => {
    const message = /^Bellwether needs Node\.js 22\.18 or newer, and this is 20\.20\.2 \(\/\S+\); .+\n$/;
    for (const args of [["--version"], ["check"], ["run"]]) {
      const refused = await run(consumer, oldNode, "npx", "bellwether", ...args);
      // A replica says it in its log too.
      const log = args[0] === "run" ? expect.stringMatching(/^\{.*"BW_NODE_TOO_OLD".*\}\n$/) : "";
      expect(refused).toEqual({ code: 2, stdout: log, stderr: expect.stringMatching(message) });
    }
    const library = 'import("bellwether").catch(error => console.log(error.code))';
    expect(await run(consumer, oldNode, "node", "--eval", library)).toMatchObject({
      stdout: "BW_NODE_TOO_OLD\n",
    });
  });
});
