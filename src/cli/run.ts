import { isBellwetherError } from "../errors.ts";
import type { Role } from "../events.ts";
import { Replica } from "../replica.ts";
import { watchStrayErrors } from "../worker/stray-errors.ts";
import { PARENT_VARIABLE, stopWhenParentGoes } from "./dev/parent.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { loadProject, type ProjectOptions } from "./project.ts";

export interface RunOptions extends ProjectOptions {
  readonly roles: string;
  readonly id?: string;
}

/** Exit code of a process that a second signal ended: 128 + SIGINT, as shells count. */
const ENDED_NOW = 130;

/**
 * One replica until SIGTERM or SIGINT. The first signal stops it in order, a second one ends it at once: what
 * its handlers were doing is then taken over by other replicas when BullMQ finds their locks run out.
 */
export async function run(options: RunOptions, io: Io): Promise<number> {
  const roles = parseRoles(options.roles);
  const config = await loadProject(options, io);
  const replica = new Replica({ config, roles, ...(options.id === undefined ? {} : { id: options.id }) });
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
    if (isBellwetherError(error, "BW_HANDLERS_INVALID")) throw new CliFailure(error.message, EXIT.usage);
    throw error;
  } finally {
    unwatch();
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  }
}

function onceThenEnd(stop: (reason: string) => void): (signal: NodeJS.Signals) => void {
  let isStopping = false;
  return signal => {
    if (isStopping) process.exit(ENDED_NOW);
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
