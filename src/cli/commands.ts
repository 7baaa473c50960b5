/**
 * Every command with its arguments and options. A command's own file is loaded when it is called: loading takes most of
 * a command line's time, and neither the help nor the shell's completion needs it.
 */
import { Argument, type Command, Option } from "commander";
import { clusterOptions, type Does, operatorOptions, positive, projectOptions, seconds } from "./command.ts";
import type { Io } from "./io.ts";

/** In the order of the help. */
export function declareCommands(program: Command, does: Does): void {
  declareReplicas(program, does);
  declareProject(program, does);
  declareOperator(program, does);
  declareRecords(program, does);
  declareWriters(program, does);
  declareCompletion(program, does);
}

function declareReplicas(program: Command, does: Does): void {
  projectOptions(program.command("run").description("one replica, until SIGTERM"))
    .option("--roles <roles>", "what it does", "scheduler,worker")
    .option("--id <id>", "name in logs, made unique per process (default: the host name)")
    .addOption(
      new Option("--log <form>", "JSON, or lines for people (default: text on a terminal)").choices([
        "json",
        "text",
      ]),
    )
    .action(does(async () => (await import("./run.ts")).run));
  projectOptions(program.command("dev"))
    .description("a private Redis and several replicas on it, with readable logs")
    .option("--replicas <n>", "how many", positive, 3)
    .action(does(async () => (await import("./dev.ts")).dev));
}

function declareProject(program: Command, does: Does): void {
  projectOptions(program.command("check"))
    .description("validate the configuration and the handlers")
    .option("--json", "print JSON")
    .action(does(async () => (await import("./check.ts")).check));
  clusterOptions(program.command("next"))
    .description("the coming ticks of a job, or of all; needs no server without --url")
    .argument("[job]")
    .option("--count <n>", "at most so many ticks per job (default: 5, with --until 1000)", positive)
    .option("--from <instant>", "begin at this instant (ISO 8601) instead of now")
    .option("--until <instant>", "all ticks up to this instant; with --count, whichever comes first")
    .option("--excluded", "with --json: also the ticks that except, start and end take away")
    .option("--json", "print JSON")
    .action(does(async () => (await import("./next.ts")).next));
  clusterOptions(program.command("forecast"))
    .description(
      "how many ticks are launched when in the coming days, and where they collide; needs no server without --url",
    )
    .argument("[job]")
    .option("--days <n>", "how far", positive, 7)
    .option("--from <instant>", "begin at this instant (ISO 8601) instead of now")
    .option("--json", "print JSON")
    .action(does(async () => (await import("./forecast.ts")).forecast));
  projectOptions(program.command("explain"))
    .description("a job's schedule in words, by the local configuration; needs no server")
    .argument("<job>")
    .option("--json", "print JSON")
    .action(does(async () => (await import("./explain.ts")).explain));
}

function declareOperator(program: Command, does: Does): void {
  clusterOptions(program.command("status"))
    .description("who leads, the replicas, each job's last and next tick")
    .option("--json", "print JSON")
    .option("--watch", "print it again whenever it has changed; with --json one object a line")
    .action(does(async () => (await import("./status.ts")).status));
  operatorOptions(program.command("trigger"))
    .description("start a run of a job now, beside its schedule")
    .argument("<job>")
    .option("--data <json>", "a JSON object that replaces fields of the job's data")
    .option("--wait", "wait for the run's end; exit code 1 when it fails")
    .option("--timeout <seconds>", "with --wait: give up after this; the run goes on", seconds)
    .action(does(async () => (await import("./trigger.ts")).trigger));
  operatorOptions(program.command("pause"))
    .description("launch no tick of a job until it is resumed")
    .argument("[job]", "its name, or a pattern in which * is any text")
    .option("--all", "every job")
    .option("--until <instant>", "resume by itself at this instant (ISO 8601)")
    .option("--reason <text>", "why, for the record")
    .action(does(async () => (await import("./pause.ts")).pause));
  operatorOptions(program.command("resume"))
    .description("launch a paused job's ticks again; its catchUp policy says which late ones")
    .argument("[job]", "its name, or a pattern in which * is any text")
    .option("--all", "every job")
    .action(does(async () => (await import("./resume.ts")).resume));
  operatorOptions(program.command("skip-next"))
    .description("skip a job's next tick; called again, the one after it too")
    .argument("<job>")
    .option("--undo", "take back what has not been skipped yet")
    .action(does(async () => (await import("./skip-next.ts")).skipNext));
  operatorOptions(program.command("backfill"))
    .description("start a run for each tick of a job in a range of the past, all or none")
    .argument("<job>")
    .requiredOption("--from <instant>", "the first tick or before it (ISO 8601)")
    .requiredOption("--to <instant>", "the last tick or after it (ISO 8601)")
    .option("--limit <n>", "refuse to start more runs than this", positive, 100)
    .option("--dry-run", "only show what would be started")
    .addOption(new Option("--overlap <policy>", "accept that the runs overlap").choices(["allow"]))
    .action(does(async () => (await import("./backfill.ts")).backfill));
  operatorOptions(program.command("stepdown").description("let another replica lead")).action(
    does(async () => (await import("./stepdown.ts")).stepdown),
  );
}

function declareRecords(program: Command, does: Does): void {
  clusterOptions(program.command("why"))
    .description("what became of a job at an instant, and why")
    .argument("<job>")
    .option("--at <instant>", "the instant (ISO 8601; default: the last tick whose time has come)")
    .option("--json", "print JSON")
    .action(does(async () => (await import("./why.ts")).why));
  clusterOptions(program.command("history"))
    .description("the last ticks of a job and how their runs ended")
    .argument("<job>")
    .option("--limit <n>", "how many ticks", positive, 20)
    .option("--json", "print JSON; with --follow one row a line")
    .option(
      "--follow",
      "oldest first, and go on: each row when it is there, and again when its run has ended",
    )
    .action(does(async () => (await import("./history.ts")).history));
  clusterOptions(program.command("audit"))
    .description("what operators did: who, when and what")
    .option("--limit <n>", "how many actions", positive, 20)
    .option("--json", "print JSON")
    .action(does(async () => (await import("./audit.ts")).audit));
  program
    .command("logs")
    .description("merge the logs of several replicas into readable lines, or show the handoffs in them")
    .argument("[file...]", "JSON logs, also compressed ones (.gz); - is stdin (default: -)")
    .option("--handoffs", "a table: who led, who leads, why, for how long there was no leader")
    .option("--job <name>", "only lines about this job; with --handoffs only its late ticks")
    .addOption(
      new Option(
        "--event <names>",
        "only these events, with commas between them; leader.* is all of them",
      ).conflicts("handoffs"),
    )
    .option("--since <when>", "only what is newer: 10m, or an instant (ISO 8601)")
    .addOption(
      new Option("--follow", "print lines of stdin as they come, each one a second later").conflicts(
        "handoffs",
      ),
    )
    .option("--json", "print JSON: the records, one a line, or the rows of the table")
    .addHelpText("after", LOGS_EXAMPLES)
    .action(does(async () => (await import("./logs/print-logs.ts")).printLogs));
}

function declareWriters(program: Command, does: Does): void {
  program
    .command("schema")
    .description("JSON Schema of a config file, for editors; OpenAPI of the HTTP API")
    .argument("[file]", "bellwether, jobs or api", "jobs")
    .action(does(async () => (await import("./schema.ts")).schema));
  program
    .command("init")
    .description("write a small working project, or add jobs to a package that exists")
    .argument("<dir>", "a new folder, or the folder of a package")
    .option("--docker", "add a Dockerfile (a new project has one)")
    .option("--helm", "add values for the Helm chart")
    .addOption(
      new Option(
        "--embed <framework>",
        "write a service that is a replica itself, or what makes yours one",
      ).choices(["express", "fastify", "nest"]),
    )
    .option("--json", "print JSON")
    .action(does(async () => (await import("./init.ts")).init));
  const imports = program
    .command("import")
    .description("print a jobs.yaml that does what another scheduler does");
  imports
    .command("crontab")
    .description("from a crontab")
    .argument("<file>", "the crontab, or - for stdin")
    .option("--system", "it has a column with the user, as /etc/crontab (default: what its lines look like)")
    .option("--no-system", "it has none")
    .option("--timezone <zone>", "the zone that cron runs in (default: that of this machine)")
    .option("--queue <queue>", "the queue that the runs go into (default: default)")
    .option("--start <instant>", "when the jobs take over (ISO 8601); they have no ticks before")
    .addHelpText("after", IMPORT_EXIT_CODES)
    .action(does(async () => (await import("./import-crontab.ts")).importCrontabFile));
  imports
    .command("bullmq")
    .description("from the job schedulers and repeatable jobs of a BullMQ or Bull queue; only reads")
    .requiredOption("--redis <url>", "the Redis that the queue is in")
    .requiredOption("--queue <name>", "the queue")
    .option("--prefix <prefix>", "BullMQ's prefix", "bull")
    .option("--timezone <zone>", "the zone of patterns that name none", "UTC")
    .option("--start <instant>", "when the jobs take over (ISO 8601); they have no ticks before")
    .addHelpText("after", IMPORT_EXIT_CODES)
    .action(does(async () => (await import("./import-bullmq.ts")).importBullQueue));
}

function declareCompletion(program: Command, does: Does): void {
  program
    .command("completion")
    .description("a script for a shell's configuration, with which Tab completes commands, options and jobs")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", COMPLETION_SETUP)
    .action(does(async () => (await import("./completion/scripts.ts")).completion));
  program
    .command("complete", { hidden: true })
    .argument("[word...]")
    .action(
      does(async () => {
        const { complete } = await import("./completion/complete.ts");
        return (words: readonly string[], _: object, io: Io) => complete(program, words, io);
      }),
    );
}

const COMPLETION_SETUP = `
Add one of these lines to the shell's configuration:
  bash  source <(bellwether completion bash)                  ~/.bashrc
  zsh   source <(bellwether completion zsh)                   ~/.zshrc, after compinit
  fish  bellwether completion fish | source                   ~/.config/fish/config.fish

\`bellwether\` has to be a command in PATH.`;

const LOGS_EXAMPLES = `
Examples:
  kubectl logs --prefix --tail=-1 --selector app=jobs | bellwether logs --handoffs
  docker compose logs replica | bellwether logs --since 10m
  kubectl logs --prefix --follow --selector app=jobs | bellwether logs --follow --event 'leader.*'

Times are local; TZ=UTC in front of the command shows UTC. Large logs are sorted in a file in TMPDIR.`;

const IMPORT_EXIT_CODES =
  "\nExit code 1 when something could not be carried over; the rest is printed all the same.";
