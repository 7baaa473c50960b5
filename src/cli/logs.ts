import type { Command } from "commander";
import type { Does } from "./command.ts";
import type { Io } from "./io.ts";
import type { LogsOptions } from "./logs/print-logs.ts";

export function declareCommand(command: Command, does: Does): void {
  command
    .argument("[file...]", "JSON logs, also compressed ones (.gz); - is stdin (default: -)")
    .option("--handoffs", "a table: who led, who leads, why, for how long there was no leader")
    .option("--job <name>", "only lines about this job; with --handoffs only its late ticks")
    .addOption(
      command
        .createOption(
          "--event <names>",
          "only these events, with commas between them; leader.* is all of them",
        )
        .conflicts("handoffs"),
    )
    .option("--since <when>", "only what is newer: 10m, or an instant (ISO 8601)")
    .addOption(
      command
        .createOption("--follow", "print lines of stdin as they come, each one a second later")
        .conflicts("handoffs"),
    )
    .option("--json", "print JSON: the records, one a line, or the rows of the table")
    .addHelpText(
      "after",
      `
Examples:
  kubectl logs --prefix --tail=-1 --selector app=jobs | bellwether logs --handoffs
  docker compose logs replica | bellwether logs --since 10m
  kubectl logs --prefix --follow --selector app=jobs | bellwether logs --follow --event 'leader.*'

Times are local; TZ=UTC in front of the command shows UTC. Large logs are sorted in a file in TMPDIR.`,
    )
    .action(
      does(async (files: readonly string[], options: LogsOptions, io: Io) =>
        (await import("./logs/print-logs.ts")).printLogs(files, options, io),
      ),
    );
}
