/** `bellwether init --embed` with the packed tarball: what it writes can be installed, is checked, and starts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, inject } from "vitest";
import { FRAMEWORKS } from "../../src/cli/init/embed/frameworks.ts";
import { test as base } from "../support/fixtures.ts";
import { unusedPort } from "../support/unused-port.ts";
import { npmInstall, runWith, userEnvironment } from "./run-with.ts";

const { tarball } = inject("packed");
const NODE = path.dirname(process.execPath);

const test = base
  /** `bellwether init`, as a user types it. */
  .extend("init", ({ makeFolder }) => async (files: Readonly<Record<string, string>>, ...args: string[]) => {
    const folder = await makeFolder();
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    const npx = ["--yes", "--prefer-offline", "--package", tarball];
    const { code, stdout, stderr } = await runWith(
      NODE,
      folder,
      "npx",
      ...npx,
      "bellwether",
      "init",
      ...args,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return { folder, stdout };
  })
  /** A service's process, and what it prints. */
  .extend("start", ({ server, defer, onTestFailed }) => async (folder: string, ...command: string[]) => {
    const port = await unusedPort();
    const env = { ...userEnvironment(NODE), REDIS_URL: server.url, PORT: String(port) };
    const [program = "", ...args] = command;
    const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    defer(() => child.kill("SIGKILL"));
    let output = "";
    const printed = new EventTarget();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
        printed.dispatchEvent(new Event("more"));
      });
    }
    onTestFailed(() => console.log(output));
    const when = (text: string) =>
      new Promise<void>(resolve => {
        const look = () => output.includes(text) && resolve();
        printed.addEventListener("more", look);
        look();
      });
    const end = async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      return child.exitCode ?? child.signalCode;
    };
    return { url: `http://localhost:${port}`, when, end };
  });

async function installAndCheck(folder: string): Promise<void> {
  expect(await runWith(NODE, folder, ...npmInstall())).toMatchObject({ code: 0, stderr: "" });
  const check = await runWith(NODE, folder, "npm", "run", "--silent", "check");
  expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: 1 jobs/) });
}

test.for(Object.keys(FRAMEWORKS))(
  "a new service with %s runs its job and ends on SIGTERM",
  async (framework, { init, start }) => {
    const { folder } = await init({}, "shop", "--embed", framework);
    const service = path.join(folder, "shop");
    await installAndCheck(service);
    const { scripts } = JSON.parse(await readFile(path.join(service, "package.json"), "utf8"));
    if (scripts.prestart)
      expect(await runWith(NODE, service, "sh", "-c", scripts.prestart)).toMatchObject({ code: 0 });
    const { url, when, end } = await start(service, ...scripts.start.split(" "));
    await when("run.completed");
    const ready = await fetch(`${url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { problems: [] },
    });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    // Nest ends the process by the signal that it got.
    expect(await end()).toBe(framework === "nest" ? "SIGTERM" : 0);
    await when("replica.stopped");
  },
);

/** A service that exists, in CommonJS, before and after its author has done what the command says. */
const SERVICE = `const express = require("express");
const app = express();
app.get("/", (_request, response) => response.send("shop"));
const server = app.listen(Number(process.env.PORT), "localhost");
`;
const EMBEDDING = `${SERVICE}
const { bellwether, probes } = require("./bellwether.mts");
app.use(probes);
bellwether.start();
process.once("SIGTERM", async () => {
  server.close();
  await bellwether.stop();
  server.closeAllConnections();
});
`;

test("a service that exists gets a module, and calls it as the command says", async ({ init, start }) => {
  const manifest = { name: "shop", private: true, scripts: { start: "node app.cjs" } };
  const files = { "package.json": JSON.stringify(manifest), "app.cjs": SERVICE };
  const { folder, stdout } = await init(files, ".", "--embed", "express");
  expect(stdout).toContain(
    "added to package.json: scripts.check, scripts.next, dependencies.bellwether, dependencies.express\n",
  );
  expect(stdout).toContain("to start it with your service: app.use(probes), bellwether.start() when");
  expect(await readFile(path.join(folder, "app.cjs"), "utf8")).toBe(SERVICE);
  await installAndCheck(folder);
  await writeFile(path.join(folder, "app.cjs"), EMBEDDING);
  const { url, when, end } = await start(folder, "node", "app.cjs");
  await when("run.completed");
  expect(await (await fetch(url)).text()).toBe("shop");
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await end()).toBe(0);
});
