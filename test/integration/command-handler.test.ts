import { readFileSync } from "node:fs";
import { chmod, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { CommandHandler, type CommandRef } from "../../src/handlers/command-handler.ts";
import { problemOfCommand } from "../../src/handlers/find-program.ts";
import { loadHandlers } from "../../src/handlers/load-handlers.ts";
import { test as base } from "../support/fixtures.ts";
import { gone, isAlive } from "../support/process-state.ts";
import { testRun } from "../support/run.ts";

function commandOf(argv: readonly string[], more: Partial<CommandRef> = {}): CommandRef {
  return { kind: "command", argv, cwd: null, env: {}, stdin: null, ...more };
}

function setup(script: string, more: Partial<CommandRef> = {}, graceMs = 60_000) {
  const made = testRun();
  const handler = new CommandHandler(commandOf(["sh", "-c", script], more), graceMs);
  return {
    ...made,
    handle: (data: Record<string, unknown> = {}) => handler.handle(data, made.run),
    /** The lines of one stream so far. */
    lines: (stream: string) =>
      made.logged.flatMap(({ fields }) =>
        typeof fields === "object" && "line" in fields && "stream" in fields && fields.stream === stream
          ? [String(fields.line)]
          : [],
      ),
  };
}

type Setup = ReturnType<typeof setup>;

/** The first line that a command prints, as soon as it is there. */
async function firstLine({ lines }: Setup): Promise<string> {
  for (;;) {
    const [line] = lines("stdout");
    if (line !== undefined) return line;
    await sleep(5);
  }
}

const test = base.extend("folder", ({ onTestFinished }) => async (): Promise<string> => {
  const dir = await realpath(await mkdtemp(path.join(tmpdir(), "bellwether-command-")));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
});

describe("a command", () => {
  test("gets the run in its environment and the data on stdin, and its output is logged", async () => {
    const command = setup('env | grep ^BELLWETHER_ | sort; cat; echo; echo "to stderr" >&2');
    expect(await command.handle({ format: "pdf" })).toEqual({ exitCode: 0 });
    const own = command.lines("stdout").filter(line => !/^BELLWETHER_(REDIS_URL|GENERATION)=/.test(line));
    expect(own).toEqual([
      "BELLWETHER_ATTEMPT=2",
      'BELLWETHER_DATA={"format":"pdf"}',
      "BELLWETHER_JOB=backup",
      "BELLWETHER_KIND=scheduled",
      "BELLWETHER_RUN=backup@20261123T070000Z",
      "BELLWETHER_TERM=7",
      "BELLWETHER_TICK=2026-11-23T07:00:00.000Z",
      '{"format":"pdf"}',
    ]);
    expect(command.lines("stderr")).toEqual(["to stderr"]);
    expect(command.logged.every(({ level }) => level === "info")).toBe(true);
  });

  test("gets its arguments as they are, and data never among them: no shell reads either", async () => {
    const made = testRun();
    const argv = ["printf", "%s\\n", "$(id)", "; exit 3", "`id`", "*", "$BELLWETHER_DATA"];
    await new CommandHandler(commandOf(argv)).handle({ a: "'; exit 3 #" }, made.run);
    const lines = made.logged.map(({ fields }) => Object(fields).line);
    expect(lines).toEqual(argv.slice(2));
  });

  test("runs where and with what its mapping says", async ({ folder }) => {
    const cwd = await folder();
    const command = setup('pwd; echo "$GREETING"; cat', {
      cwd,
      env: { GREETING: "good day" },
      stdin: "one\ntwo\n",
    });
    await command.handle({ unused: true });
    expect(command.lines("stdout")).toEqual([cwd, "good day", "one", "two"]);
  });

  test("without data reads nothing at all", async () => {
    const command = setup("wc -c");
    await command.handle();
    expect(command.lines("stdout")[0]?.trim()).toBe("0");
  });

  test("gets data of many megabytes on stdin, and none of it in the environment", async () => {
    const command = setup('cat | wc -c; echo "[$BELLWETHER_DATA]"');
    const data = { text: "x".repeat(5_000_000) };
    await command.handle(data);
    const [bytes = "", variable] = command.lines("stdout");
    expect([Number(bytes), variable]).toEqual([JSON.stringify(data).length, "[]"]);
  });

  test("need not read what it is given", async () => {
    const command = setup("exec <&-; echo done");
    await command.handle({ text: "x".repeat(5_000_000) });
    expect(command.lines("stdout")).toEqual(["done"]);
  });

  test("fails with its exit code and the end of its stderr", async () => {
    const command = setup("for i in $(seq 20); do echo line $i >&2; done; exit 3");
    const error = await command.handle().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "BW_COMMAND_FAILED", stack: String(error) });
    const expected = Array.from({ length: 10 }, (_, i) => `line ${i + 11}`).join("\n");
    expect(String(error)).toContain(`sh ended with exit code 3; the end of its stderr:\n${expected}`);
  });

  test("that says nothing fails all the same", async () => {
    await expect(setup("exit 1").handle()).rejects.toThrow(
      "sh ended with exit code 1; it wrote nothing to stderr",
    );
  });

  test("that is killed fails with the signal", async () => {
    await expect(setup("kill -KILL $$").handle()).rejects.toThrow("sh ended with signal SIGKILL");
  });

  test("that prints a line of many megabytes does not fill the memory or the log", async () => {
    const command = setup("head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end");
    await command.handle();
    expect(command.lines("stdout").map(line => line.length)).toEqual([4_001, 3]);
  });
});

describe("when the run's signal aborts", () => {
  test("the whole group gets SIGTERM, and the attempt ends with the signal's reason", async () => {
    const command = setup("sleep 1000 & echo $!; wait");
    const end = command.handle().catch((error: unknown) => error);
    const grandchild = Number(await firstLine(command));
    const reason = new Error("took too long");
    command.abort(reason);
    expect(await end).toBe(reason);
    await gone(grandchild);
  });

  test("a command that cleans up and ends with 0 has not done its work", async () => {
    const command = setup('trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.01; done');
    const end = command.handle().catch((error: unknown) => error);
    await firstLine(command);
    command.abort(new Error("shutdown"));
    expect(String(await end)).toBe("Error: shutdown");
    expect(command.lines("stdout")).toEqual(["ready", "cleaned"]);
  });

  test("a command that ignores SIGTERM, and its children, are killed after the grace", async () => {
    const command = setup(
      'trap "" TERM; sh -c "trap \\"\\" TERM; while :; do sleep 0.05; done" & echo $$ $!; while :; do sleep 0.05; done',
      {},
      100,
    );
    const end = command.handle().catch((error: unknown) => error);
    const [parent = 0, child = 0] = (await firstLine(command)).split(" ").map(Number);
    command.abort(new Error("enough"));
    expect(String(await end)).toBe("Error: enough");
    await Promise.all([gone(parent), gone(child)]);
  });

  test("nothing is started when it has aborted already", async ({ folder }) => {
    const dir = await folder();
    const command = setup(`touch ${dir}/started`);
    command.abort(new Error("too late"));
    await expect(command.handle()).rejects.toThrow("too late");
    expect(() => readFileSync(`${dir}/started`)).toThrow("ENOENT");
  });
});

describe("nothing outlives the attempt", () => {
  test("what a command left in the background is killed when it ends", async () => {
    const command = setup("sleep 1000 & echo $!");
    expect(await command.handle()).toEqual({ exitCode: 0 });
    await gone(Number(command.lines("stdout")[0]));
  });

  test("what left the group is not waited for, although it holds the output open", async () => {
    const command = setup("setsid sleep 1000 & echo $!");
    const end = command.handle();
    const daemon = Number(await firstLine(command));
    expect(await end).toEqual({ exitCode: 0 });
    if (isAlive(daemon)) process.kill(daemon, "SIGKILL");
    await gone(daemon);
  });

  test("forty commands at once leave no process and no zombie", async () => {
    const commands = Array.from({ length: 40 }, () => setup("sleep 1000 & echo $$ $!; exit 4"));
    const ends = await Promise.allSettled(commands.map(command => command.handle()));
    expect(ends.every(end => end.status === "rejected")).toBe(true);
    const pids = commands.flatMap(command => command.lines("stdout").join(" ").split(" ").map(Number));
    expect(pids).toHaveLength(80);
    await Promise.all(pids.map(gone));
  });
});

describe("a command that cannot be started", () => {
  test.each([
    ["is in no folder of PATH", ["no-such-program"], {}, "there is no program no-such-program in PATH (/"],
    ["is not there", ["./no/such/program"], {}, "there is no program ./no/such/program"],
    ["has no folder to run in", ["ls"], { cwd: "/no/such" }, "there is no folder /no/such to run"],
    [
      "is not in a PATH of its own",
      ["ls"],
      { env: { PATH: "/nowhere" } },
      "no program ls in PATH (/nowhere)",
    ],
    ["is a folder", ["/tmp"], {}, "there is no program /tmp"],
  ] as const)("is told by the check and by the run when it %s", async (_name, argv, more, text) => {
    const ref = commandOf(argv, more);
    const { run } = testRun();
    expect(await problemOfCommand(ref, process.env["PATH"])).toContain(text);
    await expect(new CommandHandler(ref).handle({}, run)).rejects.toThrow(text);
  });

  test("may lack the permission", async ({ folder }) => {
    const dir = await folder();
    await writeFile(path.join(dir, "tool"), "#!/bin/sh\n");
    const ref = commandOf(["./tool"], { cwd: dir });
    expect(await problemOfCommand(ref)).toBe("./tool is there, but it may not be executed: chmod +x it");
    await chmod(path.join(dir, "tool"), 0o755);
    expect(await problemOfCommand(ref)).toBeNull();
    expect(await new CommandHandler(ref).handle({}, testRun().run)).toEqual({ exitCode: 0 });
  });

  test("is told with all other handlers, once for the jobs that share it", async () => {
    const jobs = ["a", "b"].map(name => ({ name, handler: commandOf(["no-such-program"]) }));
    const good = { name: "c", handler: commandOf(["sh", "-c", "exit 0"]) };
    const { handlers, issues } = await loadHandlers({ jobs: [...jobs, good], jobsDir: "/nowhere" });
    expect(issues.map(problem => problem.message)).toEqual([
      expect.stringMatching(/^jobs "a", "b": there is no program no-such-program in PATH \(/),
    ]);
    expect([...handlers.keys()]).toEqual(["c"]);
  });

  test("may have too many arguments for the system", async () => {
    const ref = commandOf(["ls", "x".repeat(3_000_000)]);
    await expect(new CommandHandler(ref).handle({}, testRun().run)).rejects.toThrow(
      "cannot start ls: its arguments and environment are too large for the system (E2BIG)",
    );
  });
});
