import type { Config } from "../config/config.ts";
import { isBellwetherError } from "../errors.ts";
import { Events, type Role } from "../events.ts";
import { createLog, logEvents } from "../log.ts";
import { Replica } from "../replica.ts";
import { watchStrayErrors } from "../worker/stray-errors.ts";
import { logConsole } from "./console-log.ts";
import { PARENT_VARIABLE, stopWhenParentGoes } from "./dev/parent.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { loadProject, type ProjectOptions } from "./project.ts";

export interface RunOptions extends ProjectOptions {
  readonly roles: string;
  readonly id?: string;
}

/** How long what handlers left open (a timer, a socket) may keep the process alive after the replica stopped. */
const LEFTOVERS_MS = 100;

/**
 * One replica until SIGTERM or SIGINT. The first signal stops it in order, a second one ends it at once: what
 * its handlers were doing is then taken over by other replicas when BullMQ finds their locks run out.
 */
export async function run(options: RunOptions, io: Io): Promise<number> {
  const roles = parseRoles(options.roles);
  const config = await loadOrReject(options, io);
  const replica = new Replica({ config, roles, ...(options.id === undefined ? {} : { id: options.id }) });
  logConsole(createLog(config.log.level, { replica: replica.id }));
  const done = Promise.withResolvers<number>();

  const stop = (reason: string) => {
    replica.stop(reason).then(
      () => done.resolve(exitCode),
      error => done.reject(error),
    );
  };
  const onSignal = onceThenEnd(stop);
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
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
    await replica.start();
    return await done.promise;
  } catch (error) {
    await replica.stop("start failed");
    const isMistake = isBellwetherError(error, "BW_HANDLERS_INVALID");
    exitCode = isMistake ? EXIT.usage : EXIT.failed;
    if (isMistake) throw new CliFailure(error.message, EXIT.usage);
    throw error;
  } finally {
    unwatch();
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
    setTimeout(() => process.exit(exitCode), LEFTOVERS_MS).unref();
  }
}

/** A configuration that is refused is an event in the log too: whoever watches logs must see why a pod does not start. */
async function loadOrReject(options: RunOptions, io: Io): Promise<Config> {
  try {
    return await loadProject(options, io);
  } catch (error) {
    if (error instanceof CliFailure) {
      const events = new Events();
      logEvents(events, createLog("info"));
      events.emit("config.rejected", { mistakes: error.message.split("\n") });
    }
    throw error;
  }
}

function onceThenEnd(stop: (reason: string) => void): (signal: NodeJS.Signals) => void {
  let isStopping = false;
  return signal => {
    if (isStopping) process.exit(EXIT.failed);
    isStopping = true;
    stop(signal);
  };
}

function parseRoles(text: string): Role[] {
  const roles = text.split(",").map(role => role.trim());
  const known = (role: string): role is Role => role === "scheduler" || role === "worker";
  const wrong = roles.find(role => !known(role));
  if (wrong !== undefined) {
    throw new CliFailure(
      `--roles ${text}: ${wrong || "nothing"} found, expected scheduler, worker or both`,
      EXIT.usage,
    );
  }
  return [...new Set(roles.filter(known))];
}
