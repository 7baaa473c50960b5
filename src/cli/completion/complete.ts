import path from "node:path";
import type { Command } from "commander";
import { EXIT, type Io } from "../io.ts";
import { readJobNames } from "./job-names.ts";

interface Suggestion {
  readonly value: string;
  readonly description: string;
}

/**
 * Prints what the last word may become, one suggestion a line: the value, then a tab and what it means. The scripts of
 * `bellwether completion` call it at each press of Tab. Without a suggestion the shell offers names of files.
 */
export async function complete(program: Command, words: readonly string[], io: Io): Promise<number> {
  const last = words.at(-1) ?? "";
  // `--log=te` is one word for zsh and fish, and three for bash.
  const [, option = "", assigned] = /^(--[^=]+)=(.*)$/.exec(last) ?? [];
  const typed = assigned ?? last.replace(/^=$/, "");
  const before = [...words.slice(0, -1), option].filter(word => word !== "" && word !== "=");
  const prefix = option === "" ? "" : `${option}=`;
  for (const { value, description } of await suggest(program, before, typed, io))
    if (value.startsWith(typed)) io.out(`${prefix}${value}${description && `\t${description}`}\n`);
  return EXIT.done;
}

async function suggest(
  program: Command,
  before: readonly string[],
  typed: string,
  io: Io,
): Promise<readonly Suggestion[]> {
  const { command, rest } = commandOf(program, before);
  const option = command.options.find(({ required, long }) => required && long === rest.at(-1));
  if (!option && typed.startsWith("-")) return optionsOf(command);
  const inner = option ? [] : commandsOf(command);
  if (inner.length > 0) return inner;

  const { operands } = command.parseOptions(option ? rest.slice(0, -1) : [...rest]);
  const argument = command.registeredArguments[operands.length];
  const { argChoices } = option ?? argument ?? {};
  if (argChoices) return argChoices.map(value => ({ value, description: "" }));
  const name = option?.attributeName() ?? argument?.name();
  if (name === "command") return commandsOf(program);
  return name === "job" ? await readJobNames(path.resolve(io.cwd, command.opts()["config"] ?? "config")) : [];
}

/** The command that the words name, as `import crontab`, and the words behind it. */
function commandOf(program: Command, words: readonly string[]) {
  let command = program;
  let rest = words;
  for (;;) {
    const inner = visibleCommands(command).find(known => known.name() === rest[0]);
    if (!inner) return { command, rest };
    command = inner;
    rest = rest.slice(1);
  }
}

function commandsOf(command: Command): Suggestion[] {
  return visibleCommands(command).map(known => ({ value: known.name(), description: known.description() }));
}

/** With `help`, which Commander adds. */
function visibleCommands(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function optionsOf(command: Command): Suggestion[] {
  const options = command.createHelp().visibleOptions(command);
  return options.map(({ long, short, description }) => ({ value: long ?? short ?? "", description }));
}
