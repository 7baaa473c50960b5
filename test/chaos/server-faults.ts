import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Redis } from "ioredis";
import { type Act, type Acts, type Faults, NOTHING_TO_HEAL } from "./act.ts";
import type { Injected } from "./servers.ts";

/** Redis answers and refuses what it is asked. */
export const SERVER_FAULTS: Acts = {
  "SCRIPT FLUSH": scriptFlush,
  "refused: NOREPLICAS": refuse("min-replicas-to-write 9", {
    begin: redis => redis.config("SET", "min-replicas-to-write", 9),
    end: redis => redis.config("SET", "min-replicas-to-write", 0),
  }),
  "refused: OOM": refuse("maxmemory 1", {
    begin: redis => redis.config("SET", "maxmemory", 1),
    end: redis => redis.config("SET", "maxmemory", 0),
  }),
  "refused: MISCONF": refuse("a snapshot that cannot be written", { begin: failToSave, end: saveAgain }),
  "refused: BUSY": refuse("a script that does not end", { begin: keepBusy, end: endScript }),
  "refused: READONLY": refuse("a replica of nothing", {
    begin: redis => redis.replicaof("127.0.0.1", 1),
    end: redis => redis.replicaof("NO", "ONE"),
  }),
};

interface Refusal {
  readonly begin: (redis: Redis) => Promise<unknown>;
  readonly end: (redis: Redis) => Promise<unknown>;
}

function refuse(why: string, { begin, end }: Refusal): Act {
  return async (faults, { holdMs }) => {
    const redis = await faults.admin();
    await begin(redis);
    return { what: `${why}, for ${holdMs} ms`, heal: () => faults.untilDone(redis, end) };
  };
}

const SNAPSHOT = "dump.rdb";

/** A folder where the file should be: the snapshot is written, and cannot be put into its place. */
async function failToSave(redis: Redis): Promise<void> {
  const snapshot = await snapshotOf(redis);
  await rm(snapshot, { recursive: true, force: true });
  await mkdir(snapshot);
  await redis.config("SET", "save", "3600 1");
  await redis.bgsave();
}

async function saveAgain(redis: Redis): Promise<void> {
  await redis.config("SET", "save", "");
  await rm(await snapshotOf(redis), { recursive: true, force: true });
}

async function snapshotOf(redis: Redis): Promise<string> {
  const [, dir = ""] = (await redis.config("GET", "dir")) as string[];
  return path.join(dir, SNAPSHOT);
}

const BUSY_AFTER_MS = 50;

async function keepBusy(redis: Redis): Promise<void> {
  await redis.config("SET", "busy-reply-threshold", BUSY_AFTER_MS);
  const other = redis.duplicate({ lazyConnect: true, commandTimeout: 60_000 });
  other.on("error", () => undefined);
  await other.connect();
  // Rejects when it is killed.
  other
    .eval("while true do end", 0)
    .catch(() => undefined)
    .finally(() => other.disconnect());
}

async function endScript(redis: Redis): Promise<void> {
  await redis.script("KILL").catch((error: Error) => {
    if (!error.message.startsWith("NOTBUSY")) throw error;
  });
}

async function scriptFlush(faults: Faults): Promise<Injected> {
  await (await faults.admin()).script("FLUSH");
  return { what: "SCRIPT FLUSH", heal: NOTHING_TO_HEAL };
}
