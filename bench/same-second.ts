/**
 * Many jobs due in the same second, every second: how long until all of them are launched, and until their handlers start. Beside it
 * BullMQ's own job schedulers do the same. The two alternate, and each figure is the median of the rounds. The ratios are made
 * within each round, so what else the machine does is on both sides.
 *
 *     node bench/same-second.ts [--rate 1000] [--processes 1] [--rounds 5] [--seconds 7] [--concurrency 50] [--json FILE]
 *     node bench/same-second.ts --saturated [--rate 20000]    launches alone, as fast as they go, beside BullMQ's addBulk
 *     node bench/same-second.ts --launches --rate 5000        launches alone: no process works the runs off
 *     node bench/same-second.ts --alone …                     without the other contender
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { withProgress } from "../src/cli/progress.ts";
import { addBulk, bellwether, type Contender, jobSchedulers, type Load } from "./same-second/contenders.ts";
import { measureRound, type Round } from "./same-second/measure.ts";
import { benchOptions } from "./support/bench-options.ts";
import { percentile } from "./support/percentile.ts";

const values = benchOptions({
  rate: { type: "string" },
  processes: { type: "string", default: "1" },
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "7" },
  concurrency: { type: "string", default: "50" },
  saturated: { type: "boolean", default: false },
  launches: { type: "boolean", default: false },
  alone: { type: "boolean", default: false },
  json: { type: "string" },
});
const RATE = Number(values.rate ?? (values.saturated ? 20_000 : 1_000));
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
const LOAD: Load = {
  jobs: RATE,
  processes: values.saturated ? 1 : Number(values.processes),
  concurrency: Number(values.concurrency),
  isWorkedOff: !values.saturated && !values.launches,
};
// What is late is launched all the same, so that every launch counts.
const ours = bellwether(values.saturated ? ", catchUp: all, catchUpWindow: 1d" : "");
const other = values.saturated ? addBulk : jobSchedulers;
const isAlone = values.alone || values.launches;
const contenders = isAlone ? [ours] : [ours, other];

type Figure = readonly [title: string, of: (round: Round) => number];

const CPU: readonly Figure[] = [
  ["CPU of Node, ms", round => round.nodeCpu],
  ["CPU of Redis, ms", round => round.redisCpu],
];
const LAUNCHED: readonly Figure[] = [
  ["launched p50", ({ launched }) => launched.p50],
  ["launched p99", ({ launched }) => launched.p99],
];
const STARTED: readonly Figure[] = [
  ["started p50", ({ started }) => started.p50],
  ["started p99", ({ started }) => started.p99],
];

function figures(): readonly Figure[] {
  if (values.saturated) return [["added a second", round => round.rate], ...CPU];
  if (values.launches) return [...LAUNCHED, ["launched max", ({ launched }) => launched.max], ...CPU];
  return [...LAUNCHED, ...STARTED, ...CPU];
}

async function measureAll(): Promise<ReadonlyMap<Contender, readonly Round[]>> {
  const rounds = new Map<Contender, Round[]>(contenders.map(one => [one, []]));
  for (let i = 0; i < ROUNDS; i++) {
    for (const one of contenders) {
      const text = `${one.name}, round ${i + 1} of ${ROUNDS}`;
      rounds.get(one)?.push(await withProgress(text, () => measureRound(one, LOAD, SECONDS)));
    }
  }
  return rounds;
}

interface Median {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The median, and the range of all rounds. */
function medianOf(list: readonly number[]): Median {
  return { median: percentile(list, 0.5), least: Math.min(...list), most: Math.max(...list) };
}

function shown({ median, least, most }: Median, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

const rounds = await measureAll();
const mine = rounds.get(ours) ?? [];
const theirs = rounds.get(other) ?? [];
const columns = figures();
const ratios = columns.map(([, of]) =>
  mine.flatMap((round, i) => (theirs[i] ? [of(round) / of(theirs[i])] : [])),
);

console.log(
  `${RATE} jobs every second for ${SECONDS} s, ${ROUNDS} rounds, ${LOAD.processes} processes, concurrency ${LOAD.concurrency} each`,
);
console.log(
  "launched: ms from the tick until the last of its jobs was waiting for a worker; started: ms until a handler ran; CPU: for 1,000 runs\n",
);
console.log(`| | ${columns.map(([title]) => title).join(" | ")} | launched / expected |`);
console.log(`| --- |${columns.map(() => " --- |").join("")} --- |`);
for (const [{ name }, own] of rounds) {
  const [runs, expected] = [own.map(({ runs }) => runs), own.map(({ expected }) => expected)];
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  const cells = columns.map(([, of]) => shown(medianOf(own.map(of)), 0));
  console.log(`| ${[name, ...cells, `${sum(runs)} / ${sum(expected)}`].join(" | ")} |`);
}
if (!isAlone) {
  console.log(`| ratio | ${ratios.map(list => shown(medianOf(list), 2)).join(" | ")} | |`);
}
for (const [{ name }, own] of rounds) {
  const last = own.at(-1)?.commands ?? {};
  const list = Object.entries(last).map(([command, { calls, ms }]) => {
    return `${command} ${calls.toFixed(0)} × ${((1_000 * ms) / calls).toFixed(1)} µs`;
  });
  console.log(`\n${name}, commands for 1,000 runs in the last round: ${list.join(", ")}`);
}
if (values.json !== undefined) {
  const machine = {
    node: process.version,
    cores: cpus().length,
    cpu: readFileSync("/proc/cpuinfo", "utf8").match(/model name\s*: (.*)/)?.[1],
  };
  const named = Object.fromEntries([...rounds].map(([{ name }, own]) => [name, own]));
  const byColumn = Object.fromEntries(columns.map(([title], i) => [title, medianOf(ratios[i] ?? [])]));
  const result = { machine, load: LOAD, seconds: SECONDS, rounds: named, ratios: byColumn };
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
}
