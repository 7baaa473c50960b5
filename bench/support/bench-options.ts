import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { messageOf } from "../../src/errors.ts";

/**
 * What the command line says. `--help` prints the comment at the top of the benchmark, and ends the process. So does a wrong option, with
 * what is wrong, and code 2.
 */
export function benchOptions<const T extends NonNullable<ParseArgsConfig["options"]>>(options: T) {
  if (process.argv.includes("--help")) {
    console.log(usage());
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(messageOf(error));
  }
}

/** Ends the process: it was called in a wrong way. */
export function refuse(problem: string): never {
  console.error(`${problem}\n\n${usage()}`);
  process.exit(2);
}

function usage(): string {
  const [, comment = ""] = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(process.argv[1] ?? "", "utf8")) ?? [];
  return comment.replaceAll(/^ \* ?/gm, "").trim();
}
