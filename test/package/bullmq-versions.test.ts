/** A team on an older BullMQ: one line, or a second copy. */
import { cp, mkdir } from "node:fs/promises";
import path from "node:path";
import { beforeAll, expect, inject, test } from "vitest";
import { runWith } from "./run-with.ts";
import { inFolder } from "./workshop.ts";

const { workshop } = inject("packed");
const NODE = path.dirname(process.execPath);
const LOAD = 'import("bellwether").then(() => console.log("loaded"), error => console.log(error.message))';

let team: string;
/** Where the team keeps its jobs: a package of its own. */
let jobs: string;

beforeAll(async () => {
  team = await inFolder(workshop, "team", {
    "package.json": '{ "name": "team", "private": true }',
    "jobs/package.json": '{ "name": "jobs", "private": true, "type": "module" }',
    "jobs/config/jobs.yaml": "jobs: { sweep: { every: 1h, command: [true] } }\n",
  });
  jobs = path.join(team, "jobs");
  const install = async (from: string, to: string) => {
    await mkdir(path.dirname(to), { recursive: true });
    await cp(path.join(workshop, "node_modules", from), to, { recursive: true });
  };
  await install("bullmq-5", path.join(team, "node_modules/bullmq"));
  await install("bellwether", path.join(team, "node_modules/bellwether"));
  await install("bullmq", path.join(jobs, "node_modules/bullmq"));
  await install("bellwether", path.join(jobs, "node_modules/bellwether"));
}, 120_000);

test("with BullMQ 5 the package says in one line which versions fit", async () => {
  const { stdout } = await runWith(NODE, team, "node", "--eval", LOAD);
  expect(stdout).toMatch(
    /^Bellwether needs bullmq \^6\.7\.0, and this is 5\.30\.0 \(\/\S+\/team\/node_modules\/bullmq\), without createIORedisClient; install one that fits \(npm install bullmq@\^6\.7\.0\), or .+\n$/,
  );
});

test("with BullMQ 5 the command says the same, and ends with 2", async () => {
  const command = path.join(team, "node_modules/bellwether/dist/main.js");
  const { code, stderr } = await runWith(NODE, team, "node", command, "run", "--config", "jobs/config");
  expect(stderr).toMatch(/^Bellwether needs bullmq .+\n$/);
  expect(code).toBe(2);
});

test("a package of the same project has its own BullMQ 6 beside it", async () => {
  expect(await runWith(NODE, jobs, "node", "--eval", LOAD)).toMatchObject({ code: 0, stdout: "loaded\n" });
});
