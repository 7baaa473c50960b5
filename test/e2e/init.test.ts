import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { helmOf } from "../../scripts/setup/helm.mjs";
import { bellwether, MAIN } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const FILES = [
  ".dockerignore",
  ".gitignore",
  "Dockerfile",
  "README.md",
  "config",
  "config/bellwether.yaml",
  "config/jobs.yaml",
  "jobs",
  "jobs/hello.ts",
  "package.json",
];

const test = base.extend("tempFolder", ({ makeFolder }) => async (): Promise<string> => {
  const folder = await makeFolder();
  return folder;
});

async function listed(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

test("writes a project that check accepts and whose handler a replica runs", async ({
  tempFolder,
  defer,
  startServer,
}) => {
  const cwd = await tempFolder();
  const result = await bellwether(["init", "My Jobs"], { cwd });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(result.stdout).toContain("wrote My Jobs/jobs/hello.ts\n");
  const project = path.join(cwd, "My Jobs");
  expect(await listed(project)).toEqual(FILES);

  const check = await bellwether(["check", "--config", "My Jobs/config"], { cwd });
  expect(check).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("ok: 1 jobs") });

  const redis = await startServer();
  const replica = new ReplicaProcess(
    ["--id", namespace()],
    { REDIS_URL: redis.url, HTTP_HOST: "127.0.0.1", HTTP_PORT: "0", ADMIN_PORT: "0" },
    project,
  );
  defer(() => replica.end("SIGKILL"));
  const run = await replica.when("run.completed");
  expect(run).toMatchObject({ job: "hello", attempt: 1 });
  expect(replica.lines.map(line => line["msg"])).toContain("hello, world");
  // The dashboard is on, for this machine alone.
  const { admin } = await replica.when("replica.started");
  expect(String(admin)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await fetch(`${admin}api/v1/session`)).toMatchObject({ status: 200 });
  expect(await replica.end()).toBe(0);
  expect(replica.noise).toEqual([]);
});

test("writes the Dockerfile that docs/deploying.md shows, on the image that is built there", async ({
  tempFolder,
}) => {
  const cwd = await tempFolder();
  await bellwether(["init", "."], { cwd });
  const image = /^ARG BELLWETHER_IMAGE=(.+)$/m.exec(
    await readFile(path.join(cwd, "Dockerfile"), "utf8"),
  )?.[1];
  const docs = await readFile(path.join(import.meta.dirname, "../../docs/deploying.md"), "utf8");
  expect(docs).toContain(`docker build --target base --tag ${image} .`);
  expect(docs).toContain(`ARG BELLWETHER_IMAGE=${image}\n`);
});

test("names the package and the namespace after the folder", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await bellwether(["init", "My Jobs"], { cwd });
  const read = (file: string) => readFile(path.join(cwd, "My Jobs", file), "utf8");
  expect(JSON.parse(await read("package.json"))).toMatchObject({ name: "my-jobs", type: "module" });
  expect(await read("config/bellwether.yaml")).toMatch(/^namespace: \$\{BELLWETHER_NAMESPACE:-my-jobs\} /m);
});

test("scaffolds a dashboard that other machines cannot reach without tokens", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await bellwether(["init", "."], { cwd });
  const check = () => bellwether(["check"], { cwd, env: { ADMIN_HOST: "0.0.0.0" } });
  expect(await check()).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^config\/bellwether\.yaml:\d+:\d+ admin\.host: .+ admin\.tokenFile/),
  });
  const file = path.join(cwd, "config/bellwether.yaml");
  const settings = await readFile(file, "utf8");
  const tokens = path.join(cwd, "tokens");
  await writeFile(tokens, "anna admin a-long-random-secret\n");
  await writeFile(file, settings.replace(/# (tokenFile: ).+/, `$1${tokens}`));
  expect(await check()).toMatchObject({ code: 0, stderr: "" });
});

test("opens no port of a dashboard in a service unasked, and says how", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await bellwether(["init", ".", "--embed", "fastify"], { cwd });
  const file = path.join(cwd, "config/bellwether.yaml");
  const settings = await readFile(file, "utf8");
  expect(settings).not.toMatch(/^admin:/m);
  const withAdmin = settings.replace("# admin: ", "admin: ");
  expect(withAdmin).toMatch(/^admin: /m);
  await writeFile(file, withAdmin);
  expect(await bellwether(["check"], { cwd })).toMatchObject({ code: 0, stderr: "" });
});

test("adds jobs to a package: no other file is touched, and package.json gets what it lacks", async ({
  tempFolder,
}) => {
  const cwd = await tempFolder();
  const manifest = {
    name: "shop",
    type: "module",
    scripts: { start: "node app.js" },
    dependencies: { pino: "10.4.0" },
  };
  await writeFile(path.join(cwd, "package.json"), JSON.stringify(manifest, null, "\t"));
  await writeFile(path.join(cwd, "README.md"), "mine");
  const result = await bellwether(["init", "."], { cwd });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(result.stdout).toContain(
    "added to package.json: scripts.check, scripts.next, dependencies.bellwether\nleft as they are in package.json: scripts.start\n",
  );
  const added = ["config", "config/bellwether.yaml", "config/jobs.yaml", "jobs", "jobs/hello.ts"];
  expect(await listed(cwd)).toEqual(["README.md", ...added, "package.json"]);
  const text = await readFile(path.join(cwd, "package.json"), "utf8");
  // Not published: named by where it is.
  const checkout = path.relative(cwd, path.resolve(import.meta.dirname, "../.."));
  const expected = {
    ...manifest,
    scripts: { start: "node app.js", check: "bellwether check", next: "bellwether next" },
    dependencies: { pino: "10.4.0", bellwether: `file:${checkout}` },
  };
  expect(text).toBe(JSON.stringify(expected, null, "\t"));
  expect(await bellwether(["check"], { cwd })).toMatchObject({ code: 0 });
});

test("leaves a package alone that has all of it, and writes a handler that its type of modules allows", async ({
  tempFolder,
}) => {
  const cwd = await tempFolder();
  const manifest = JSON.stringify({
    type: "commonjs",
    scripts: { start: "a", check: "b", next: "c" },
    devDependencies: { bellwether: "1.0.0" },
  });
  await writeFile(path.join(cwd, "package.json"), manifest);
  const { stdout } = await bellwether(["init", ".", "--json", "--docker", "--helm"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({
    files: expect.arrayContaining(["jobs/hello.mts", "Dockerfile", ".dockerignore", "deploy/values.yaml"]),
    package: {
      added: [],
      left: ["scripts.start", "scripts.check", "scripts.next", "devDependencies.bellwether"],
    },
  });
  expect(JSON.parse(await readFile(path.join(cwd, "package.json"), "utf8"))).toEqual(JSON.parse(manifest));
  expect(await bellwether(["check"], { cwd })).toMatchObject({ code: 0 });
});

test("writes values that the chart accepts, for an image and a Redis of the project's name", async ({
  tempFolder,
}) => {
  const cwd = await tempFolder();
  await bellwether(["init", "shop", "--helm"], { cwd });
  const root = path.resolve(import.meta.dirname, "../..");
  const chart = path.join(root, "deploy/helm/bellwether");
  const values = path.join(cwd, "shop/deploy/values.yaml");
  const { stdout } = await promisify(execFile)(helmOf(root), ["template", "shop", chart, "--values", values]);
  expect(stdout).toContain('image: "registry.example/team/shop:latest"');
  expect(stdout).toMatch(/name: shop-redis\n +key: redis-url/);
  expect(stdout).not.toContain("shop-tokens");
  const text = await readFile(values, "utf8");
  await writeFile(values, text.replace(/^# (admin:| {2})/gm, "$1"));
  const shown = await promisify(execFile)(helmOf(root), ["template", "shop", chart, "--values", values]);
  expect(shown.stdout).toContain("secretName: shop-tokens");
});

test("writes for a framework what makes a package's processes replicas, and says what to call", async ({
  tempFolder,
}) => {
  const cwd = await tempFolder();
  const manifest = { type: "module", dependencies: { fastify: "^4.0.0" }, scripts: { check: "mine" } };
  await writeFile(path.join(cwd, "package.json"), JSON.stringify(manifest));
  const { code, stdout } = await bellwether(["init", ".", "--embed", "fastify"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain(
    "added to package.json: scripts.next, dependencies.bellwether\nleft as they are in package.json: scripts.check, dependencies.fastify\n",
  );
  expect(stdout).toMatch(/\nto start it with your service: addBellwether\(app\) before .+\n$/);
  const added = [
    "bellwether.ts",
    "config",
    "config/bellwether.yaml",
    "config/jobs.yaml",
    "jobs",
    "jobs/hello.ts",
  ];
  expect(await listed(cwd)).toEqual([...added, "package.json"]);
  expect(await readFile(path.join(cwd, "config/bellwether.yaml"), "utf8")).toMatch(/^http: false /m);
  expect(await bellwether(["check"], { cwd })).toMatchObject({ code: 0 });
});

test("refuses a framework together with an image, and one that it does not know", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  for (const option of ["--docker", "--helm"]) {
    const refused = await bellwether(["init", ".", "--embed", "nest", option], { cwd });
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(`^${option} is for .+; nothing was written\n$`),
    });
  }
  expect(await bellwether(["init", ".", "--embed", "koa"], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Allowed choices are express, fastify, nest."),
  });
  expect(await listed(cwd)).toEqual([]);
});

test("says which package.json it cannot read, and writes nothing", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await writeFile(path.join(cwd, "package.json"), "mine");
  const result = await bellwether(["init", "."], { cwd });
  expect(result).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^cannot read package\.json: .+; nothing was written\n$/),
  });
  expect(await listed(cwd)).toEqual(["package.json"]);
});

test("fills a folder that has none of its files, and tells them as JSON", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await writeFile(path.join(cwd, "notes.txt"), "mine");
  const { code, stdout } = await bellwether(["init", ".", "--json"], { cwd });
  expect(code).toBe(0);
  const files = FILES.filter(file => file !== "config" && file !== "jobs");
  const told = JSON.parse(stdout);
  expect(told.directory).toBe(cwd);
  expect(told.files.sort()).toEqual(files);
  expect(await listed(cwd)).toEqual([...FILES, "notes.txt"].sort());
});

test.for([
  {
    title: "some of its files",
    inTheWay: ["README.md", "jobs/hello.ts"],
    told: "jobs/hello.ts, README.md",
  },
  { title: "a file where a folder should be", inTheWay: ["jobs"], told: "jobs" },
])("writes nothing where there are $title", async ({ inTheWay, told }, { tempFolder }) => {
  const cwd = await tempFolder();
  for (const file of inTheWay) {
    await mkdir(path.dirname(path.join(cwd, file)), { recursive: true });
    await writeFile(path.join(cwd, file), "mine");
  }
  const before = await listed(cwd);
  const result = await bellwether(["init", "."], { cwd });
  expect(result).toEqual({ code: 2, stdout: "", stderr: `. has ${told} already; nothing was written\n` });
  expect(await listed(cwd)).toEqual(before);
  for (const file of inTheWay) expect(await readFile(path.join(cwd, file), "utf8")).toBe("mine");
});

test("says that a file is no folder", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await writeFile(path.join(cwd, "file"), "mine");
  const result = await bellwether(["init", "file"], { cwd });
  expect(result).toEqual({ code: 2, stdout: "", stderr: "file is not a folder; nothing was written\n" });
});

test("leaves nothing behind when it cannot write a file to its end", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await writeFile(path.join(cwd, "notes.txt"), "mine");
  // No file may be longer than 512 bytes.
  const limited = `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`;
  const failure = await promisify(execFile)("sh", ["-c", limited, process.execPath, MAIN, "init", "a/b"], {
    cwd,
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^cannot write to a\/b: EFBIG.*; nothing was left behind\n$/),
  });
  expect(await listed(cwd)).toEqual(["notes.txt"]);
});
