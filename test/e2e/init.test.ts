import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
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
    { REDIS_URL: redis.url, HTTP_HOST: "127.0.0.1", HTTP_PORT: "0" },
    project,
  );
  defer(() => replica.end("SIGKILL"));
  const run = await replica.when("run.completed");
  expect(run).toMatchObject({ job: "hello", attempt: 1 });
  expect(replica.lines.map(line => line["msg"])).toContain("hello, world");
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

test("scaffolds no setting of which this version makes nothing", async ({ tempFolder }) => {
  const cwd = await tempFolder();
  await bellwether(["init", "."], { cwd });
  expect(await readFile(path.join(cwd, "config/bellwether.yaml"), "utf8")).not.toMatch(/admin/i);
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
    inTheWay: ["package.json", "jobs/hello.ts"],
    told: "jobs/hello.ts, package.json",
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
