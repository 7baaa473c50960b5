/** What npm packs, installed in an empty project, on the releases of Node that its users have. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, inject, test } from "vitest";
import { nodeRelease } from "../support/node-release.ts";
import { NODES, npmInstall, ROOT, runWith, supportedNodes } from "./run-with.ts";
import { copyCheckout } from "./setup.ts";

const SIZE_LIMIT_MB = 75;
const { folder, tarball, consumer } = inject("packed");
const oldNode = nodeRelease(NODES.tooOld);
const nodes = supportedNodes();
/** Code that would read a file from beside itself. */
const FILE_BESIDE = "\\.(lua|json)[\"'], import\\.meta";

test("packing a checkout without its dependencies says in one line what is missing", async () => {
  const checkout = path.join(folder, "bare");
  await mkdir(checkout);
  await copyCheckout(checkout);
  const { code, stderr } = await runWith(oldNode, checkout, "npm", "pack", "--silent");
  expect(code).not.toBe(0);
  expect(stderr).toBe("cannot build: TypeScript is not installed here; run `npm ci` first\n");
});

describe("the package", () => {
  test("holds a module for each module of src, and none that reads a file of the package", async () => {
    const listed = async (dir: string) =>
      (await readdir(dir, { recursive: true })).filter(file => /\.(js|ts)$/.test(file));
    const built = await listed(path.join(consumer, "node_modules/bellwether/dist"));
    const expected = (await listed(path.join(ROOT, "src"))).map(file => file.replace(/ts$/, "js"));
    const isOwn = (file: string) => file.endsWith(".js") && !file.startsWith("dashboard/lib/");
    expect(built.filter(isOwn).sort()).toEqual(expected.sort());
    // Of types, those that a program can import, which types.test.ts compiles.
    const types = built.filter(file => file.endsWith(".d.ts"));
    expect(types).toContain("index.d.ts");
    expect(types.filter(file => /^(cli|admin|dashboard)\//.test(file))).toEqual([]);
    const { stdout } = await runWith(
      oldNode,
      consumer,
      "grep",
      "-rlE",
      FILE_BESIDE,
      "node_modules/bellwether/dist",
    );
    expect(stdout).toBe("");
  });

  test("has no mistake that publint or Are The Types Wrong know", async () => {
    const tool = (name: string, ...args: string[]) =>
      runWith(path.dirname(process.execPath), folder, path.join(ROOT, "node_modules/.bin", name), ...args);
    expect(await tool("publint", "--strict", tarball)).toMatchObject({ code: 0 });
    // CommonJS gets the ES module by require(), which each Node.js that is supported can do.
    expect(await tool("attw", tarball, "--profile", "esm-only")).toMatchObject({ code: 0 });
  });

  test("would be published as it is", async () => {
    // No registry is asked: nothing answers at that address.
    const dryRun = ["--dry-run", "--offline", "--tag", "latest", "--registry", "http://127.0.0.1:1/"];
    const node = path.dirname(process.execPath);
    const { code, stdout } = await runWith(node, folder, "npm", "publish", tarball, ...dryRun);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "+ bellwether@0.1.0\n" });
  });

  test("has what its README links to", async () => {
    const installed = path.join(consumer, "node_modules/bellwether");
    const readme = await readFile(path.join(installed, "README.md"), "utf8");
    const links = [...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    const files = links.filter(link => !link.startsWith("https://"));
    expect(files.length).toBeGreaterThan(15);
    expect(files.filter(file => !existsSync(path.join(installed, file)))).toEqual([]);
  });

  test("uses the project's own bullmq, ioredis and pino", async () => {
    const { stdout } = await runWith(oldNode, consumer, "npm", "ls", "--all", "--parseable");
    for (const name of ["bullmq", "ioredis", "pino"]) {
      expect(stdout.split("\n").filter(line => line.endsWith(`/node_modules/${name}`))).toHaveLength(1);
    }
  });

  test(`takes less than ${SIZE_LIMIT_MB} MB with bullmq, ioredis and pino`, async () => {
    const { stdout } = await runWith(oldNode, consumer, "du", "-sm", "node_modules");
    expect(Number.parseInt(stdout, 10)).toBeLessThan(SIZE_LIMIT_MB);
  });

  test("is installed in a project of `bellwether init`, which names the tarball, and not by the project's image", async () => {
    const readme = await readFile(path.join(ROOT, "README.md"), "utf8");
    expect(readme).toContain(`npm install --save-dev ~/bellwether/${path.basename(tarball)} `);
    const node = nodes["the Node of its checkout"] ?? "";
    await runWith(node, consumer, "npx", "bellwether", "init", path.join(folder, "my-jobs"));
    const project = path.join(folder, "my-jobs");
    expect(await runWith(node, project, ...npmInstall())).toMatchObject({ code: 0 });
    expect(await runWith(node, project, "npx", "bellwether", "check")).toMatchObject({ code: 0 });
    // Its Dockerfile: where there is no such file, and Bellwether is the image's. The file itself stays for other tests.
    const image = path.join(folder, "image/app");
    await rm(path.join(project, "node_modules"), { recursive: true });
    await mkdir(path.dirname(image));
    await rename(project, image);
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
    expect(await runWith(node, image, "npm", "ci", ...quiet, "--omit=dev")).toMatchObject({ code: 0 });
  });

  test("leaves `npm run` to the Node of the machine", async () => {
    expect(await readdir(path.join(consumer, "node_modules/.bin"))).not.toContain("node");
    const { stdout } = await runWith(oldNode, consumer, "npm", "run", "--silent", "node");
    expect(stdout).toBe(`v${NODES.tooOld}\n`);
  });

  test.each(["the oldest Node that it supports", "the Node of its checkout"])(
    "is a command and a library on %s",
    async name => {
      const node = nodes[name] ?? "";
      const bellwether = (...args: string[]) => runWith(node, consumer, "npx", "bellwether", ...args);
      const { version } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
      expect(await bellwether("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });

      const project = name.replaceAll(" ", "-");
      expect(await bellwether("init", project)).toMatchObject({ code: 0 });
      const config = ["--config", `${project}/config`];
      const check = await bellwether("check", ...config);
      expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: 1 jobs/) });
      const next = await bellwether("next", "hello", "--json", "--count", "2", ...config);
      expect(next).toMatchObject({ code: 0, stdout: expect.stringContaining("hello") });

      for (const library of [
        'import("bellwether").then(all => console.log(typeof all.Bellwether))',
        'console.log(typeof require("bellwether").Bellwether)',
        'import("bellwether/testing").then(all => console.log(typeof all.testRun))',
        'console.log(typeof require("bellwether/testing").testRun)',
      ]) {
        const answer = await runWith(node, consumer, "node", "--eval", library);
        expect(answer).toEqual({ code: 0, stdout: "function\n", stderr: "" });
      }
    },
  );

  test("says in one line which Node it needs", async () => {
    const message = /^Bellwether needs Node\.js 22\.18 or newer, and this is 20\.20\.2 \(\/\S+\); .+\n$/;
    for (const args of [["--version"], ["check"], ["run"]]) {
      const refused = await runWith(oldNode, consumer, "npx", "bellwether", ...args);
      // A replica says it in its log too.
      const log = args[0] === "run" ? expect.stringMatching(/^\{.*"BW_NODE_TOO_OLD".*\}\n$/) : "";
      expect(refused).toEqual({ code: 2, stdout: log, stderr: expect.stringMatching(message) });
    }
    for (const library of [
      'import("bellwether").catch(error => console.log(error.code))',
      'try { require("bellwether"); } catch (error) { console.log(error.code); }',
    ]) {
      expect(await runWith(oldNode, consumer, "node", "--eval", library)).toMatchObject({
        stdout: "BW_NODE_TOO_OLD\n",
      });
    }
  });
});
