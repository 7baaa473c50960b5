import { z } from "zod";
import { list, section, text } from "../../config/schemas/fields.ts";
import type { CommandRef } from "../command-handler.ts";
import type { HandlerKind } from "../handler-kind.ts";

/** The system's calls end a text at NUL. */
const NO_NUL = /^[^\0]*$/;

const ARGV = 'a program and its arguments, like ["pg_dump", "--format=c"] (for a shell: ["sh", "-c", "…"])';

const argv = list(text("a text (in quotes, if YAML takes it for a number)", NO_NUL), ARGV).refine(
  ([program]) => program !== "",
  { error: "expected a program first, not an empty text" },
);

const command = z.union(
  [
    argv,
    section({
      argv: argv.meta({ description: "The program and its arguments; no shell reads them." }),
      cwd: text("the path of a folder")
        .exactOptional()
        .meta({ description: "Where it runs; the replica's working folder when absent." }),
      env: z
        .record(
          text("a name of letters, digits and _", /^[A-Za-z_][A-Za-z0-9_]*$/),
          text("a text (in quotes, if YAML takes it for a number)", NO_NUL),
          { error: "expected a mapping (NAME: value)" },
        )
        .exactOptional()
        .meta({ description: "Environment variables, added to those of the replica." }),
      stdin: z
        .string({ error: "expected a text" })
        .exactOptional()
        .meta({ description: "What the command reads; the run's data as JSON when absent." }),
    }),
  ],
  { error: `expected ${ARGV}` },
);

/** A program, run as a child process. */
export const commandKind = {
  key: "command",
  schema: command.transform((value): CommandRef => {
    const { argv, cwd = null, env = {}, stdin = null } = Array.isArray(value) ? { argv: value } : value;
    return { kind: "command", argv, cwd, env, stdin };
  }),
  description: "Instead of handler: a program that does the work, run as a child process.",
  switchedOff: "a command",
  secrets: ["env"],
  names: [[], [0], ["argv"], ["argv", 0]],
  describe: ({ argv }) => `command ${argv[0]}${argv.length > 1 ? " …" : ""}`,
  load: async ref => (await import("../command-handler.ts")).loadCommand(ref),
} as const satisfies HandlerKind<CommandRef>;
