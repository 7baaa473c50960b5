/** What a new user types, from an empty folder on. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { expect, inject, test } from "vitest";
import { createProject } from "../support/project.ts";
import { Terminal } from "../support/terminal.ts";
import { npmInstall, runWith, userEnvironment } from "./run-with.ts";

const { tarball } = inject("packed");
const NODE = path.dirname(process.execPath);

test("from an empty folder to a run and a handoff, with nothing but the tarball", async context => {
  const empty = await createProject({});
  context.onTestFinished(() => empty.dispose());
  const home = empty.dir;
  const npx = (cwd: string, ...args: string[]) =>
    runWith(NODE, cwd, "npx", "--yes", "--prefer-offline", ...args);
  const startedMs = performance.now();

  expect(await npx(home, "--package", tarball, "bellwether", "init", "my-jobs")).toMatchObject({ code: 0 });
  const project = path.join(home, "my-jobs");
  const manifest = JSON.parse(await readFile(path.join(project, "package.json"), "utf8"));
  // It is in no registry, so `npm install` needs the file.
  expect(manifest.devDependencies.bellwether).toBe(`file:${path.relative(project, tarball)}`);
  expect(await runWith(NODE, project, ...npmInstall())).toMatchObject({ code: 0 });
  expect(await runWith(NODE, project, "npm", "run", "--silent", "check")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: 1 jobs/),
  });
  expect(await npx(project, "bellwether", "next")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("hello"),
  });

  // npm, which may run these tests, leaves where it was started.
  const start = "unset npm_config_local_prefix npm_config_prefix INIT_CWD; cd my-jobs; exec npm start";
  const env = {
    PATH: String(userEnvironment(NODE)["PATH"]),
    REDIS_URL: "",
    HTTP_PORT: "0",
    HTTP_HOST: "127.0.0.1",
  };
  const terminal = new Terminal(context, start, empty, env);
  await terminal.when(/run\.completed +hello@/);
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  console.log(`a new user's first run had completed ${seconds} s after the first command`);

  const [, leader = ""] = await terminal.when(/(replica-\d)-\w+ +leader\.elected +term 1 /);
  // Both others know it, and will see it go.
  await terminal.when(/(leader\.observed[\s\S]*){2}/);
  terminal.press("k");
  const [handoff = ""] = await terminal.when(new RegExp(`leader\\.elected +term 2 after ${leader}-\\w+ .+`));
  expect(handoff).toMatch(/no leader for \d+ ms/);
  const from = terminal.output.length;
  await terminal.when(/run\.completed +hello@/, from);
  terminal.press("q");
  expect(await terminal.ended()).toBe(0);
});
