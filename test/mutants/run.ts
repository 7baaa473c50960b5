/** `npm run mutants`: breaks the code on purpose, one rule at a time, and checks whether a test notices. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Judgement, judge } from "./judge.ts";
import { MUTANTS } from "./list.ts";
import type { Mutant } from "./mutant.ts";
import { withTable } from "./page.ts";
import { Sandbox } from "./sandbox.ts";

const HELP = `Usage: npm run mutants -- [options]

Changes one line of a copy of the checkout, as listed in test/mutants, and runs the tests that hold the rule which the
change breaks. They must fail. Takes some minutes; not part of CI.

  --only TEXT      only mutants whose name or file contains the text
  --workers N      copies at a time (default 2)
  --json           one JSON object a mutant on stdout
  --write          writes the table into docs/mutants.md
  --help

Exit code 0: each mutant was killed, or its survival is explained. 1: one survived or is invalid. 2: wrong usage.
`;

interface Options {
  readonly mutants: readonly Mutant[];
  readonly workers: number;
  readonly isJson: boolean;
  readonly writes: boolean;
}

function readArguments(): Options | "help" {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      workers: { type: "string", default: "2" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const workers = Number(values.workers);
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > 16)
    throw new Error(`--workers ${values.workers}: expected a whole number from 1 to 16`);
  const mutants = MUTANTS.filter(
    ({ name, file }) => name.includes(values.only) || file.includes(values.only),
  );
  if (mutants.length === 0) throw new Error(`--only ${values.only}: no mutant has that in its name or file`);
  if (values.write && mutants.length !== MUTANTS.length)
    throw new Error("--write needs all mutants: leave out --only");
  return { mutants, workers, isJson: values.json, writes: values.write };
}

async function judgeAll({ mutants, workers, isJson }: Options): Promise<Judgement[]> {
  const judgements = new Map<Mutant, Judgement>();
  const left = [...mutants];
  const sound = new Map<string, Promise<boolean>>();
  const work = async () => {
    const sandbox = new Sandbox();
    try {
      for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
        const key = mutant.tests.join(" ");
        // Another worker's copy may be testing the same files: one answer is enough.
        const checked = sound.get(key) ?? sandbox.test(mutant.tests).then(end => end === "passed");
        sound.set(key, checked);
        const judgement = await judge(mutant, sandbox, await checked);
        judgements.set(mutant, judgement);
        report(judgement, `${judgements.size}/${mutants.length}`, isJson);
      }
    } finally {
      sandbox.remove();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, mutants.length) }, work));
  return mutants.flatMap(mutant => judgements.get(mutant) ?? []);
}

function report({ mutant, outcome, why }: Judgement, progress: string, isJson: boolean): void {
  const { name, file, rule } = mutant;
  if (isJson) console.log(JSON.stringify({ name, file, rule, outcome, ...(why !== undefined && { why }) }));
  else console.log(`${progress}  ${outcome.padEnd(9)}  ${name}${why === undefined ? "" : `: ${why}`}`);
}

async function main(): Promise<number> {
  let options: Options | "help";
  try {
    options = readArguments();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 2;
  }
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const judgements = await judgeAll(options);
  const count = (outcome: Judgement["outcome"]) => judgements.filter(each => each.outcome === outcome).length;
  if (!options.isJson)
    console.log(
      `${judgements.length} mutants: ${count("killed")} killed, ${count("explained")} explained, ` +
        `${count("survived")} survived, ${count("invalid")} invalid`,
    );
  if (options.writes)
    writeFileSync(resolve(import.meta.dirname, "../../docs/mutants.md"), withTable(judgements));
  return count("survived") + count("invalid") === 0 ? 0 : 1;
}

process.exitCode = await main();
