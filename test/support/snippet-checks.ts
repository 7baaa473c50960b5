/** How the snippets of README.md and docs/ are followed: each check resolves with what is wrong. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { Queue } from "bullmq";
import { expect } from "vitest";
import { parse } from "yaml";
import { helmOf } from "../../scripts/setup/helm.mjs";
import { findSchemaProblems } from "../deploy/kubernetes-schemas.ts";
import { render } from "../deploy/renderer.ts";
import { type DocBlock, docBlocks } from "./doc-blocks.ts";
import { startEtcd } from "./etcd-server.ts";
import { calendar } from "./ics.ts";
import { type Compare, hasSameLines, hasSameShape, isSame } from "./snippet-desk.ts";
import { atEnd, makeDesk, makeRedis, startReplica } from "./snippet-scope.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const FILES = globSync(["README.md", "docs/*.md"], { cwd: ROOT }).sort();
export const BLOCKS = FILES.flatMap(file => docBlocks(file, readFileSync(path.join(ROOT, file), "utf8")));
export const HANDLER = `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => {});\n`;
const ONE_JOB = "jobs: { beat: { every: 1s, handler: beat } }\n";

export type Check = (block: DocBlock) => Promise<string[]>;

function blockOf(name: string): string {
  const block = BLOCKS.find(block => block.name === name);
  if (!block) throw new Error(`There is no ${name}`);
  return block.text;
}

export function session(files: Readonly<Record<string, string>>, compare?: Compare): Check {
  return async ({ text }) => (await makeDesk(files)).sessionProblems(text, compare);
}

export function jobsFile(files: Readonly<Record<string, string>>): Check {
  return async ({ text }) => {
    const desk = await makeDesk(
      { "config/jobs.yaml": text, ...files },
      { REFRESH_TOKEN: "secret" },
      { pg_dump: "" },
    );
    return desk.problems("bellwether check");
  };
}

/** A part of bellwether.yaml. */
export async function settings({ text }: DocBlock): Promise<string[]> {
  const files = { "config/bellwether.yaml": text, "config/jobs.yaml": ONE_JOB, "jobs/beat.ts": HANDLER };
  const env = {
    REDIS_URL: "redis://127.0.0.1:6379",
    REDIS_PASSWORD: "r",
    SENTINEL_PASSWORD: "s",
    ETCD_PASSWORD: "e",
    CI_TOKEN: "c",
  };
  return (await makeDesk(files, env)).problems("bellwether check");
}

/** Each command of the list, against README's job, beside a replica. */
export async function listedCommands({ text }: DocBlock): Promise<string[]> {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url };
  const files = {
    "config/jobs.yaml": blockOf("README.md: A job"),
    "jobs/reports/nightly-report.ts": blockOf("README.md: A job (2)"),
    FILE: "0 4 * * * true\n",
  };
  const desk = await makeDesk(files, env);
  const replica = startReplica(desk, env);
  await replica.when("leader.elected");
  const others = text.split("\n").filter(line => line !== "" && !line.startsWith("bellwether run "));
  expect(others.length).toBeGreaterThan(10);
  const problems: string[] = [];
  for (const line of others) {
    problems.push(...(await desk.problems(line)).map(problem => `${line}: ${problem}`));
    if (line.includes(" trigger ")) await replica.when("run.completed");
  }
  return problems;
}

export async function scaffoldedDockerfile({ text }: DocBlock): Promise<string[]> {
  const desk = await makeDesk({});
  await desk.problems("bellwether init my-jobs");
  const instructions = (file: string) => file.split("\n").filter(line => /^[A-Z]/.test(line));
  const scaffolded = readFileSync(path.join(desk.project.dir, "my-jobs/Dockerfile"), "utf8");
  expect(instructions(text)).toEqual(instructions(scaffolded));
  return [];
}

/** `helm install`, as `helm template` takes it; without the Secret, which needs a cluster. */
export async function helmLine({ text }: DocBlock): Promise<string[]> {
  const install = text.slice(text.indexOf("helm install"));
  const desk = await makeDesk({}, {}, { helm: `exec '${helmOf(ROOT)}' "$@"` });
  return desk.problems(`${install.replace("helm install", "helm template")}`, "checkout");
}

export async function redisConfProblems(text: string): Promise<string[]> {
  const desk = await makeDesk({ "redis.conf": text });
  const file = path.join(desk.project.dir, "redis.conf");
  try {
    await makeRedis({ configFile: file, args: [] });
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** The line as it is typed into redis-cli; then a replica and an operator work as this user, and nothing is refused. */
export async function leastRights({ text }: DocBlock): Promise<string[]> {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url.replace("//", "//bellwether:secret@") };
  const desk = await makeDesk({ "config/jobs.yaml": ONE_JOB, "jobs/beat.ts": HANDLER, line: text }, env);
  const answered = await desk.shell(`redis-cli -p ${redis.port} < line`);
  expect(answered.output.trim()).toBe("OK");
  await startReplica(desk, env).when("run.completed");
  const problems = await desk.problems("bellwether status; bellwether pause beat; bellwether history beat");
  expect((await desk.shell(`redis-cli -p ${redis.port} acl log`)).output.trim()).toBe("");
  return problems;
}

/** What redis.conf names is where `ACL SAVE` writes, and a restarted server knows the user. */
export async function savedUsers({ text }: DocBlock): Promise<string[]> {
  const desk = await makeDesk({ "users.acl": "" });
  const file = path.join(desk.project.dir, "users.acl");
  await desk.project.write("redis.conf", text.replace("/etc/redis/users.acl", file));
  const redis = await makeRedis({ configFile: path.join(desk.project.dir, "redis.conf"), args: [] });
  await desk.project.write("lines", `${blockOf("docs/redis.md: A user with the least rights")}ACL SAVE\n`);
  expect((await desk.shell(`redis-cli -p ${redis.port} < lines`)).output.trim()).toBe("OK\nOK");
  await redis.restart();
  const asUser = await desk.shell(
    `redis-cli -p ${redis.port} --no-auth-warning --user bellwether --pass secret ping`,
  );
  expect(asUser.output.trim()).toBe("PONG");
  return [];
}

/** The hooks are no dependencies: ones of the same names, which know an alias, take their place. */
export async function hookedLines({ text }: DocBlock): Promise<string[]> {
  const hook = `import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
registerHooks({
  resolve: (name, context, next) =>
    next(name.startsWith("@/") ? pathToFileURL(process.cwd() + "/lib/" + name.slice(2) + ".ts").href : name, context),
});
`;
  const manifest = (name: string, exports: object) => JSON.stringify({ name, type: "module", exports });
  const desk = await makeDesk({
    "config/jobs.yaml": ONE_JOB,
    "jobs/beat.ts": `import { NAME } from "@/name";\nconsole.assert(NAME === "n");\n${HANDLER}`,
    "lib/name.ts": 'export const NAME = "n";\n',
    "node_modules/tsx/package.json": manifest("tsx", { ".": "./hook.js" }),
    "node_modules/tsx/hook.js": hook,
    "node_modules/@swc-node/register/package.json": manifest("@swc-node/register", {
      "./esm-register": "./hook.js",
    }),
    "node_modules/@swc-node/register/hook.js": hook,
  });
  expect((await desk.shell("bellwether check")).code).toBe(2);
  const lines = text.trim().split("\n");
  return (await Promise.all(lines.map(line => desk.problems(line)))).flat();
}

/** The user is made, a replica leads as this user, and the commands that read the election work as this user. */
let etcdFollowed: Promise<string[]> | undefined;

export function etcdUsers(): Promise<string[]> {
  etcdFollowed ??= followEtcd();
  return etcdFollowed;
}

async function followEtcd(): Promise<string[]> {
  const [redis, etcd] = [await makeRedis(), await startEtcd()];
  atEnd(() => etcd.stop());
  const etcdYaml = `http: false\nelection: { store: etcd, leaseTtl: 2s, etcd: { hosts: ["${etcd.url}"], username: bellwether, password: PASSWORD } }\n`;
  const files = { "config/bellwether.yaml": etcdYaml, "config/jobs.yaml": ONE_JOB, "jobs/beat.ts": HANDLER };
  const env = { REDIS_URL: redis.url, ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: etcd.url };
  const desk = await makeDesk(files, env);
  const problems = await desk.problems(blockOf("docs/etcd.md: A user with the least rights"));
  if (problems.length > 0) return problems;
  await startReplica(desk, env).when("leader.elected");
  const [get = "", elect = ""] = blockOf("docs/etcd.md: Looking at it").split("\n");
  expect((await desk.shell(get)).code).not.toBe(0);
  const asUser = "export ETCDCTL_USER=bellwether:PASSWORD";
  expect((await desk.shell(`${asUser}\n${get}`)).output).toContain("/bellwether/election/");
  // It waits in the queue behind the leader.
  expect(await desk.shell(`${asUser}\ntimeout 2 ${elect}`)).toMatchObject({ code: 124 });
  return [];
}

export async function failedCommand({ text }: DocBlock): Promise<string[]> {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url };
  const jobs = `jobs:
  backup:
    cron: "0 0 1 1 *"
    command: ["sh", "-c", "echo 'pg_dump: error: no such table' >&2; exit 1"]
    retry: { attempts: 2, backoff: fixed, delay: 10ms }
`;
  const desk = await makeDesk({ "config/jobs.yaml": jobs }, env);
  const replica = startReplica(desk, env);
  await replica.when("leader.elected");
  await desk.problems("bellwether trigger backup");
  await replica.when("run.failed", line => line["final"] === true);
  return desk.sessionProblems(text, hasSameShape);
}

export async function probes({ text }: DocBlock): Promise<string[]> {
  const container = { name: "jobs", image: "jobs", ...parse(text) };
  const labels = { app: "jobs" };
  return findSchemaProblems({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "jobs" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
}

/** What cron passes to its shell: `%` is escaped in a crontab only. The date has passed, so nothing is run. */
export async function guardedLine({ text }: DocBlock): Promise<string[]> {
  const command = text.replace(/^(\S+ ){5}/, "").replaceAll("\\%", "%");
  const desk = await makeDesk({}, {}, { "poll-orders.sh": "touch ran" });
  const instant = Number(/-lt (\d+)/.exec(text)?.[1]);
  const said = "date -d 2026-12-01T12:02:30Z +%s";
  expect((await desk.shell(said)).output.trim()).toBe(String(instant));
  await desk.shell(command.replace(String(instant), "1"));
  expect((await desk.shell("ls ran")).code).not.toBe(0);
  await desk.shell(command.replace(String(instant), "99999999999"));
  return desk.problems("ls ran");
}

export async function importedQueue({ text }: DocBlock): Promise<string[]> {
  const redis = await makeRedis();
  const queue = new Queue("mail", { connection: { host: "127.0.0.1", port: redis.port } });
  try {
    await queue.upsertJobScheduler(
      "digest",
      { pattern: "*/2 * * * * *", tz: "Europe/Berlin" },
      {
        name: "send-digest",
        data: { list: "all" },
        opts: { attempts: 3, backoff: { type: "exponential", delay: 5_000 } },
      },
    );
  } finally {
    await queue.close();
  }
  const desk = await makeDesk({});
  return desk.sessionProblems(text.replace("redis://127.0.0.1:7393", redis.url));
}

export async function nightlyLooks({ text }: DocBlock): Promise<string[]> {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url };
  const desk = await makeDesk({ "config/jobs.yaml": ONE_JOB, "jobs/beat.ts": HANDLER }, env);
  const replica = startReplica(desk, env);
  await replica.when("run.completed");
  await desk.project.write("LOG", replica.lines.map(line => `${JSON.stringify(line)}\n`).join(""));
  return desk.problems(text.replace(" JOB ", " beat "));
}

/** The Deployments and the service that the lines name are there; the lines themselves need a cluster, or Docker. */
export async function namesOfTheChart({ text }: DocBlock): Promise<string[]> {
  const names: string[] = [];
  for (const split of [false, true]) {
    const objects = await render({ redis: { url: "redis://redis:6379" }, roles: { split } });
    names.push(...objects.filter(({ kind }) => kind === "Deployment").map(({ metadata }) => metadata.name));
  }
  const named = [...text.matchAll(/deploy\/(RELEASE\S*)/g)].map(([, name = ""]) =>
    name.replace("RELEASE", "crew"),
  );
  const services = [...text.matchAll(/compose\.yaml exec (\S+)/g)].map(([, name = ""]) => name);
  const compose = parse(readFileSync(path.join(ROOT, "deploy/compose.yaml"), "utf8"));
  return [
    ...named.filter(name => !names.includes(name)).map(name => `no Deployment ${name} among ${names}`),
    ...services.filter(name => !(name in compose.services)).map(name => `no service ${name}`),
  ];
}

/** The jobs that docs/schedules.md speaks of. */
export async function schedule({ text, name }: DocBlock): Promise<string[]> {
  const isLordHowe = name.endsWith("(4)");
  const files = {
    "config/jobs.yaml": `calendars:
  de-holidays: { file: holidays.ics }
  stocktaking: [2026-12-30, 2026-12-31]
defaults: { timezone: Europe/Berlin }
jobs:
  nightly-report: { cron: "30 2 * * *", jitter: 10m, except: [calendar:de-holidays, calendar:stocktaking], handler: reports/nightly }
  hourly-import: { cron: "30 * * * *", handler: reports/nightly }
  both: { cron: "30 2 * * *", dst: { overlap: both }, handler: reports/nightly }
${isLordHowe ? '  lord-howe: { cron: "15 2 * * *", timezone: Australia/Lord_Howe, handler: reports/nightly }' : ""}
`,
    "config/holidays.ics": calendar("UID:1|DTSTART;VALUE=DATE:20261225|SUMMARY:Christmas Day"),
    "jobs/reports/nightly.ts": HANDLER,
  };
  const isOfToday = name.endsWith("explain");
  return (await makeDesk(files)).sessionProblems(text, isOfToday ? hasSameLines : isSame);
}
