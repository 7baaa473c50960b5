/**
 * What clients of the dashboard's address cost: `/metrics`, probes and launches of a replica that leads and works, alternately
 * without them and with them. By default these are five browsers (Chromium, each with a view of the dashboard). With
 * `--clients slow` they are connections that never end their request, half of them at the address of the probes.
 *
 * The clients run at the lowest priority, because those of an operator run on other machines. CPU per launch is what the
 * replica and Redis used, so it does not depend on what else the machine does.
 *
 *     node bench/dashboard.ts [--clients browsers|slow] [--count N] [--views ,jobs,timeline] [--jobs 100]
 *         [--rounds 5] [--seconds 10] [--json FILE]
 */
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { withProgress } from "../src/cli/progress.ts";
import { startClients } from "./dashboard/clients.ts";
import { FIGURES, type Figures, measure } from "./dashboard/figures.ts";
import { startTarget } from "./dashboard/target.ts";
import { benchOptions } from "./support/bench-options.ts";
import { percentile } from "./support/percentile.ts";

const values = benchOptions({
  clients: { type: "string", default: "browsers" },
  count: { type: "string" },
  views: { type: "string", default: ",jobs,timeline,jobs/job-1,forecast" },
  jobs: { type: "string", default: "100" },
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "10" },
  json: { type: "string" },
});
const KIND = values.clients === "slow" ? "slow" : "browsers";
const COUNT = Number(values.count ?? (KIND === "slow" ? 200 : 5));
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
/** Processes that have just started do more for some seconds. */
const SETTLE_MS = 5_000;

interface Round {
  readonly without: Figures;
  readonly with: Figures;
}

async function main(): Promise<readonly Round[]> {
  await using target = await startTarget(Number(values.jobs));
  await sleep(SETTLE_MS);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = await measure(target, SECONDS);
    const clients = await startClients(KIND, COUNT, target, values.views.split(","));
    await sleep(SETTLE_MS);
    const with_ = await measure(target, SECONDS);
    await clients.close();
    await sleep(SETTLE_MS);
    rounds.push({ without, with: with_ });
  }
  return rounds;
}

function spread(of: readonly number[], digits: number): string {
  const [least, middle, most] = [Math.min(...of), percentile(of, 0.5), Math.max(...of)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

function report(rounds: readonly Round[]): string {
  const lines = Object.entries(FIGURES).map(([key, { name, digits }]) => {
    const of = (kind: keyof Round) => rounds.map(round => round[kind][key as keyof Figures]);
    const [without, with_] = [of("without"), of("with")];
    const ratios = with_.map((value, i) => value / (without[i] ?? Number.NaN));
    const ratio = without.includes(0) ? "" : spread(ratios, 2);
    return `| ${name} | ${spread(without, digits)} | ${spread(with_, digits)} | ${ratio} |`;
  });
  const title = KIND === "slow" ? `${COUNT} slow connections` : `${COUNT} browsers`;
  return [
    `| median of ${ROUNDS} rounds (least to most) | without | with ${title} | ratio |`,
    "| --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

const rounds = await withProgress(`${2 * ROUNDS} measurements of ${SECONDS} s`, main);
process.stdout.write(report(rounds));
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rounds, null, 2)}\n`);
