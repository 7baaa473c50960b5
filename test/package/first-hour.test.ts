/** What a new user types, from an empty folder on, and what a team types in a package that it has. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { expect, inject, type TestContext, test } from "vitest";
import { createProject, type ProjectFiles, type TestProject } from "../support/project.ts";
import { Terminal } from "../support/terminal.ts";
import { npmInstall, runWith, userEnvironment } from "./run-with.ts";

const { tarball } = inject("packed");
const NODE = path.dirname(process.execPath);

async function makeFolder({ onTestFinished }: TestContext, files: ProjectFiles) {
  const folder = await createProject(files);
  onTestFinished(() => folder.dispose());
  return folder;
}

function npx(cwd: string, ...args: readonly string[]) {
  return runWith(NODE, cwd, "npx", "--yes", "--prefer-offline", ...args);
}

/** `npm install` and `npm run check`, as `init` advises. */
async function installAndCheck(project: string): Promise<void> {
  expect(await runWith(NODE, project, ...npmInstall())).toMatchObject({ code: 0 });
  expect(await runWith(NODE, project, "npm", "run", "--silent", "check")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: 1 jobs/),
  });
}

/** `npm start` on a terminal, when a run of the scaffolded job has completed. */
async function startUntilRun(context: TestContext, folder: TestProject, below: string) {
  const env = {
    PATH: String(userEnvironment(NODE)["PATH"]),
    REDIS_URL: "",
    HTTP_PORT: "0",
    ADMIN_PORT: "0",
    HTTP_HOST: "127.0.0.1",
  };
  // npm, which may run these tests, leaves where it was started.
  const line = `unset npm_config_local_prefix npm_config_prefix INIT_CWD; cd ${below}; exec npm start`;
  const terminal = new Terminal(context, line, folder, env);
  await terminal.when(/run\.completed +hello@/);
  return terminal;
}

test("from an empty folder to a run and a handoff, with nothing but the tarball", async context => {
  const home = await makeFolder(context, {});
  const project = path.join(home.dir, "my-jobs");
  const startedMs = performance.now();

  const init = await npx(home.dir, "--package", tarball, "bellwether", "init", "my-jobs");
  expect(init).toMatchObject({ code: 0 });
  const manifest = JSON.parse(await readFile(path.join(project, "package.json"), "utf8"));
  // It is in no registry, so `npm install` needs the file.
  expect(manifest.devDependencies.bellwether).toBe(`file:${path.relative(project, tarball)}`);
  await installAndCheck(project);
  expect(await npx(project, "bellwether", "next")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("hello"),
  });
  const terminal = await startUntilRun(context, home, "my-jobs");
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  console.log(`a new user's first run had completed ${seconds} s after the first command`);

  const [, leader = ""] = await terminal.when(/(replica-\d)-\w+ +leader\.elected +term 1 /);
  // Both others know it, and will see it go.
  await terminal.when(/(leader\.observed[\s\S]*){2}/);
  terminal.press("k");
  const [handoff = ""] = await terminal.when(new RegExp(`leader\\.elected +term 2 after ${leader}-\\w+ .+`));
  expect(handoff).toMatch(/no leader for \d+ ms/);
  await terminal.when(/run\.completed +hello@/, terminal.output.length);
  terminal.press("q");
  expect(await terminal.ended()).toBe(0);
});

test("a package that exists gets jobs that run, and keeps what it has", async context => {
  const shop = await makeFolder(context, {
    "package.json": JSON.stringify({ name: "shop", private: true, scripts: { test: "node --test" } }),
    "index.js": "module.exports = 1;\n",
  });
  const init = await npx(shop.dir, "--package", tarball, "bellwether", "init", ".");
  expect(init).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(
      "added to package.json: scripts.start, scripts.check, scripts.next, dependencies.bellwether\n",
    ),
  });
  await installAndCheck(shop.dir);
  const terminal = await startUntilRun(context, shop, ".");
  terminal.press("q");
  expect(await terminal.ended()).toBe(0);
  expect(await readFile(path.join(shop.dir, "index.js"), "utf8")).toBe("module.exports = 1;\n");
});
