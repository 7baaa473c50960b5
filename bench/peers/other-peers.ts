/** Contenders without Redis: node-cron in one process, and two on PostgreSQL. */
import { startPostgres } from "../support/postgres-server.ts";
import { type Load, type Peer, PeerProcesses } from "./peer.ts";

/** The floor: timers in one process, with no server between tick and handler. */
export async function startNodeCron({ jobs, expression }: Load): Promise<Peer> {
  const processes = await PeerProcesses.create();
  await processes.fork("node-cron.ts", [jobs, expression]);
  return { starts: () => processes.starts(), launches: async () => null, stop: () => processes.stop() };
}

export async function startOnPostgres(
  script: "pg-boss.ts" | "graphile-worker.ts",
  { jobs, expression, concurrency, processes: count }: Load,
): Promise<Peer> {
  const postgres = await startPostgres();
  const processes = await PeerProcesses.create();
  const stop = async () => {
    await processes.stop();
    await postgres.stop();
  };
  try {
    // One after the other: the first one creates the tables.
    for (let i = 0; i < count; i++) {
      await processes.fork(script, [postgres.url, jobs, expression, concurrency]);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { starts: () => processes.starts(), launches: async () => null, stop };
}
