/** The logs of a handoff in README.md and docs/events.md, against those of real replicas. */
import { formatLogRecord } from "../../src/cli/log-line.ts";
import type { DocBlock } from "./doc-blocks.ts";
import type { LogLine, ReplicaProcess } from "./replica-process.ts";
import { makeDesk, makeRedis, startReplica } from "./snippet-scope.ts";

const HANDLER = `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => {});\n`;

async function makeCrew(ids: readonly string[], settings = "") {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url };
  const files = {
    "config/bellwether.yaml": `http: false\n${settings}`,
    "config/jobs.yaml": "jobs: { sample-load: { every: 1s, handler: load } }\n",
    "jobs/load.ts": HANDLER,
  };
  const desk = await makeDesk(files, env);
  const replicas: ReplicaProcess[] = [];
  for (const id of ids) {
    const replica = startReplica(desk, env, "--id", id);
    replicas.push(replica);
    await replica.when(replicas.length === 1 ? "leader.elected" : "leader.observed");
  }
  return { desk, replicas };
}

/** Each line as it is in the log: its keys in their order, and its values but for numbers and what makes an id unique. */
export async function handoffLines({ text }: DocBlock): Promise<string[]> {
  const { desk, replicas } = await makeCrew(["a", "b", "c"]);
  const [a] = replicas;
  await desk.problems("bellwether stepdown --by ann");
  const isNext = (line: LogLine) => line["term"] === 2;
  const elected = await Promise.any(replicas.map(replica => replica.when("leader.elected", isNext)));
  const follower = replicas.slice(1).find(({ lines }) => lines[0]?.replica !== elected.replica);
  const lines = [await a?.when("leader.resigned"), elected, await follower?.when("leader.observed", isNext)];
  // The documentation calls the successor b, and either may be it.
  const names = { [elected.replica]: "b", [follower?.lines[0]?.replica ?? ""]: "c" };
  const actual = lines.map(line =>
    JSON.stringify(line, (_, value) => (typeof value === "string" ? (names[value] ?? value) : value)),
  );
  return differences(text, actual.join("\n"));
}

/** A session with the logs of three replicas, in which the second one may be the successor or the third. */
export async function mergedLogs({ text }: DocBlock): Promise<string[]> {
  const { desk, replicas } = await makeCrew(["a", "b", "c"], "log: { level: debug }\n");
  await replicas[0]?.when("tick.launched");
  await desk.problems("bellwether stepdown --by ann");
  const isNext = (line: LogLine) => line["term"] === 2;
  const elected = await Promise.any(replicas.map(replica => replica.when("leader.elected", isNext)));
  const launched = Promise.any(replicas.map(replica => replica.when("tick.launched", isNext)));
  const others = replicas.filter(({ lines }) => !lines.includes(elected));
  await Promise.all([launched, ...others.map(replica => replica.when("leader.observed", isNext))]);
  const [successor, other] = elected.replica.startsWith("b") ? ["b", "c"] : ["c", "b"];
  const files = new Map([
    ["a", "a"],
    ["b", successor],
    ["c", other],
  ]);
  for (const { lines } of replicas) {
    const file = files.get(lines[0]?.replica.charAt(0) ?? "");
    await desk.project.write(`${file}.log`, lines.map(line => `${JSON.stringify(line)}\n`).join(""));
  }
  const named = (log: string) =>
    successor === "b" ? log : log.replaceAll(/\b[bc](?=-[0-9a-f]{6}\b)/g, id => (id === "b" ? "c" : "b"));
  // A tick may be due in the very moment of the handoff.
  const simple = (log: string) => plainly(log.replaceAll(/, up to \S+ m?s/g, ""));
  return desk.sessionProblems(text, (told, actual) => simple(told) === simple(named(actual)));
}

/** As `bellwether dev` prints them, but for milliseconds and what makes an id unique. */
export async function readmeLog({ text }: DocBlock): Promise<string[]> {
  const { replicas } = await makeCrew(["replica-1", "replica-2"]);
  const [first, second] = replicas;
  const elected = await first?.when("leader.elected");
  const observed = await second?.when("leader.observed");
  const completed = await Promise.any(replicas.map(replica => replica.when("run.completed")));
  await first?.end();
  const lines = [
    elected,
    observed,
    completed,
    await first?.when("leader.resigned"),
    await second?.when("leader.elected"),
  ];
  const source = { name: "", style: "bold" } as const;
  const shown = lines.map(line => formatLogRecord(line ?? {}, source, (_, part) => part));
  return differences(text, shown.join("\n"));
}

function differences(told: string, actual: string): string[] {
  const [a, b] = [plainly(told), plainly(actual)];
  return a === b ? [] : [`documented is\n${a}\nand printed\n${b}`];
}

/** Without what differs each time: numbers, instants, and the ends of ids. */
function plainly(log: string): string {
  return log
    .trim()
    .replaceAll(/\.\d{3}(?=Z| )/g, "")
    .replaceAll(/-[0-9a-f]{6}\b/g, "")
    .replaceAll(/\d+/g, "0")
    .replaceAll(/ +/g, " ");
}
