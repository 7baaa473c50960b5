import { sleep } from "../clock/sleep.ts";
import { settlesWithin } from "../clock/within.ts";
import { shownPath } from "../config/document/files.ts";
import { ConfigLoader } from "../config/reload/config-loader.ts";
import { BellwetherError, failureOf } from "../errors.ts";
import type { Role } from "../event-map.ts";
import { Events } from "../events.ts";
import { ImportedFiles } from "../handlers/imported-files.ts";
import { onSignal } from "../interruption.ts";
import { endProcess } from "../process-end.ts";
import { LiveReplica } from "../replica/live-replica.ts";
import { newReplicaId } from "../replica/replica-id.ts";
import { watchStrayErrors } from "../worker/stray-errors.ts";
import { logConsole } from "./console-log.ts";
import { PARENT_VARIABLE, stopWhenParentGoes } from "./dev/parent.ts";
import { EXIT, exitCodeOf, type Io } from "./io.ts";
import { reportExitWhileLoading } from "./module-exit.ts";
import { configDirOf, type ProjectOptions, readProject } from "./project.ts";
import { tellingFailure } from "./run-failure.ts";
import { chooseLogForm, type LogForm } from "./run-log.ts";
import { collectGarbageOfLoad } from "./start-memory.ts";

export interface RunOptions extends ProjectOptions {
  readonly roles: string;
  readonly id?: string;
  readonly log?: LogForm;
}

/** How long what handlers left open (a timer, a socket) may keep the process alive after the replica stopped. */
const LEFTOVERS_MS = 100;
/** Reading files may wait for a file system that is away. */
const FILES_LIMIT_MS = 1_000;

/**
 * One replica until SIGTERM or SIGINT. The first signal stops it in order, a second one ends it immediately: other
 * replicas take over its runs when BullMQ finds that their locks have expired. A change of the configuration is applied
 * while it runs; SIGHUP reads it immediately.
 */
export async function run(options: RunOptions, io: Io): Promise<number> {
  io.goOnWithoutOutput?.();
  chooseLogForm(options.log);
  const roles = await tellingFailure(() => parseRoles(options.roles));
  const events = new Events();
  const loader = new ConfigLoader();
  const live = new LiveReplica({
    id: newReplicaId(options.id),
    events,
    roles,
    configDir: configDirOf(options, io),
    isWatched: true,
    load: () => readProject(options, io, loader),
    stopLoading: () => loader.stop(),
    isLoadedAside: () => loader.isAside,
  });
  const handlerFiles = new ImportedFiles({
    clock: { sleep },
    changed: files => events.emit("handlers.changed", { files: files.map(shownPath) }),
  });
  const replica = await tellingFailure(() => live.open());
  const letHeapGrow = collectGarbageOfLoad();
  const endOfOpening = replica.events.on("tick.launched", () => {
    endOfOpening();
    letHeapGrow();
  });
  logConsole(replica.log);
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
  onSignal("SIGHUP", () => void live.reload());
  let exitCode: number = EXIT.done;
  const unwatch = watchStrayErrors({
    events: replica.events,
    onFatal: () => {
      exitCode = EXIT.failed;
      stop("uncaught error");
    },
  });
  const unwatchModules = reportExitWhileLoading(problem => {
    replica.events.emit(
      "replica.failed",
      failureOf(new BellwetherError("BW_HANDLERS_INVALID", { problems: [problem] })),
    );
    io.err(`${problem}\n`);
  });
  if (io.env[PARENT_VARIABLE]) stopWhenParentGoes(() => stop("parent process went away"));

  try {
    const started = live.start();
    handlerFiles.start();
    await started;
    return await Promise.race([done.promise, replica.failure]);
  } catch (error) {
    await replica.stop("it cannot go on");
    exitCode = exitCodeOf(error);
    throw error;
  } finally {
    unwatch();
    unwatchModules();
    await live.stopWatching();
    await settlesWithin(handlerFiles.stop(), FILES_LIMIT_MS);
    setTimeout(() => endProcess(exitCode), LEFTOVERS_MS).unref();
  }
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
