import { sleep } from "../clock/sleep.ts";
import { settlesWithin } from "../clock/within.ts";
import type { Config } from "../config/config.ts";
import { ConfigWatcher } from "../config/config-watcher.ts";
import { shownPath } from "../config/document/files.ts";
import { formatIssue, type LoadResult } from "../config/load.ts";
import { BellwetherError } from "../errors.ts";
import type { Role } from "../event-map.ts";
import { Events } from "../events.ts";
import { ImportedFiles } from "../handlers/imported-files.ts";
import { onSignal } from "../interruption.ts";
import { createLog, logEvents } from "../log.ts";
import { endProcess } from "../process-end.ts";
import { Replica } from "../replica/replica.ts";
import { watchStrayErrors } from "../worker/stray-errors.ts";
import { logConsole } from "./console-log.ts";
import { PARENT_VARIABLE, stopWhenParentGoes } from "./dev/parent.ts";
import { EXIT, exitCodeOf, type Io } from "./io.ts";
import { configDirOf, configOf, type ProjectOptions, readProject } from "./project.ts";
import { tellingFailure } from "./run-failure.ts";
import { chooseLogForm, type LogForm } from "./run-log.ts";

export interface RunOptions extends ProjectOptions {
  readonly roles: string;
  readonly id?: string;
  readonly log?: LogForm;
}

/** How long what handlers left open (a timer, a socket) may keep the process alive after the replica stopped. */
const LEFTOVERS_MS = 100;
const WATCHER_LIMIT_MS = 1_000;

/**
 * One replica until SIGTERM or SIGINT. The first signal stops it in order, a second one ends it immediately: other
 * replicas take over its runs when BullMQ finds that their locks have expired. A change of the configuration is applied
 * while it runs; SIGHUP reads it immediately.
 */
export async function run(options: RunOptions, io: Io): Promise<number> {
  io.goOnWithoutOutput?.();
  chooseLogForm(options.log);
  const roles = await tellingFailure(() => parseRoles(options.roles));
  let warnings: readonly string[] = [];
  const told = new Set<string>();
  const tellUnread = () => {
    for (const problem of warnings) if (!told.has(problem)) replica.events.emit("config.unread", { problem });
    told.clear();
    for (const problem of warnings) told.add(problem);
  };
  const watcher = new ConfigWatcher({
    configDir: configDirOf(options, io),
    clock: { sleep },
    load: async () => {
      const result = await readProject(options, io);
      if (result.ok) warnings = result.warnings;
      return result;
    },
    apply: async config => {
      tellUnread();
      return await replica.reconfigure(config);
    },
    blind: problem => replica.events.emit("config.unread", { problem }),
    reject: mistakes => replica.events.emit("config.rejected", { mistakes }),
    resolve: () => replica.events.emit("config.resolved", replica.carried),
  });
  const config = await tellingFailure(async () => acceptOrReject(await watcher.first(), io));
  const name = options.id === undefined ? {} : { id: options.id };
  const replica = await tellingFailure(() => new Replica({ config, roles, ...name }));
  const handlerFiles = new ImportedFiles({
    clock: { sleep },
    changed: files => replica.events.emit("handlers.changed", { files: files.map(shownPath) }),
  });
  const { log, namespace } = config;
  logConsole(createLog(log.level, { namespace, replica: replica.id }));
  const done = Promise.withResolvers<number>();

  const stop = (reason: string) => {
    replica.stop(reason).then(
      () => done.resolve(exitCode),
      error => done.reject(error),
    );
  };
  const endOrStop = onceThenEnd(stop);
  onSignal("SIGTERM", endOrStop);
  onSignal("SIGINT", endOrStop);
  onSignal("SIGHUP", () => void watcher.reload());
  let exitCode: number = EXIT.done;
  const unwatch = watchStrayErrors({
    events: replica.events,
    onFatal: () => {
      exitCode = EXIT.failed;
      stop("uncaught error");
    },
  });
  if (io.env[PARENT_VARIABLE]) stopWhenParentGoes(() => stop("parent process went away"));

  try {
    tellUnread();
    const started = replica.start();
    watcher.start();
    handlerFiles.start();
    await started;
    return await Promise.race([done.promise, replica.failure]);
  } catch (error) {
    await replica.stop("it cannot go on");
    exitCode = exitCodeOf(error);
    throw error;
  } finally {
    unwatch();
    // Reading may wait for a file system that is away.
    await settlesWithin(Promise.all([watcher.stop(), handlerFiles.stop()]), WATCHER_LIMIT_MS);
    setTimeout(() => endProcess(exitCode), LEFTOVERS_MS).unref();
  }
}

/** A configuration that is refused is also an event in the log, which must show why a pod does not start. */
function acceptOrReject(result: LoadResult, io: Io): Config {
  if (!result.ok) {
    const events = new Events();
    logEvents(events, createLog("info"));
    const mistakes = result.issues.map(formatIssue);
    events.emit("config.rejected", { mistakes });
    throw new BellwetherError("BW_CONFIG_INVALID", { mistakes });
  }
  // In a replica's log warnings are events as well.
  return configOf({ ...result, warnings: [] }, io);
}

function onceThenEnd(stop: (reason: string) => void): (signal: NodeJS.Signals) => void {
  let isStopping = false;
  return signal => {
    if (isStopping) endProcess(EXIT.failed, 0);
    isStopping = true;
    stop(signal);
  };
}

function parseRoles(text: string): Role[] {
  const roles = text.split(",").map(role => role.trim());
  const known = (role: string): role is Role => role === "scheduler" || role === "worker";
  const wrong = roles.find(role => !known(role));
  if (wrong !== undefined) {
    const problem = `--roles ${text}: ${wrong || "nothing"} found, expected scheduler, worker or both`;
    throw new BellwetherError("BW_USAGE", { problem });
  }
  return [...new Set(roles.filter(known))];
}
