/** What a check of a snippet starts, and what ends it: checks run side by side. */
import { AsyncLocalStorage } from "node:async_hooks";
import { startRedis } from "./redis-server.ts";
import { ReplicaProcess } from "./replica-process.ts";
import { SnippetDesk } from "./snippet-desk.ts";

type Cleanup = () => Promise<unknown>;

/** Of the check that runs. */
const started = new AsyncLocalStorage<Cleanup[]>();

export function atEnd(cleanup: Cleanup): void {
  const cleanups = started.getStore();
  if (!cleanups) throw new Error("BUG: outside of `cleaningUp`");
  cleanups.push(cleanup);
}

/** Ends what the work has started. */
export function cleaningUp<T>(work: () => Promise<T>): Promise<T> {
  return started.run([], async () => {
    try {
      return await work();
    } finally {
      for (const cleanup of started.getStore()?.reverse() ?? []) await cleanup();
    }
  });
}

export async function makeDesk(...args: Parameters<typeof SnippetDesk.create>): Promise<SnippetDesk> {
  const desk = await SnippetDesk.create(...args);
  atEnd(() => desk.dispose());
  return desk;
}

export async function makeRedis(...args: Parameters<typeof startRedis>) {
  const redis = await startRedis(...args);
  atEnd(() => redis.stop());
  return redis;
}

/** A replica with the project's configuration, until the test has ended. */
export function startReplica(
  desk: SnippetDesk,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): ReplicaProcess {
  const replica = new ReplicaProcess(args, env, desk.project.dir);
  atEnd(() => replica.end("SIGKILL"));
  return replica;
}
