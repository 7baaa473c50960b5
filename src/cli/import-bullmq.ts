import type { Redis } from "ioredis";
import { brokenLine, RedisSession } from "../client/redis-session.ts";
import { suggest } from "../config/nearest.ts";
import type { RedisAddress } from "../config/redis-address.ts";
import { parseRedisUrl } from "../config/schemas/redis-url.ts";
import { importBull } from "../import/bullmq.ts";
import { readBullEntries } from "../import/bullmq-entries.ts";
import { findBullQueues, readBullVersion } from "../import/bullmq-queues.ts";
import { describeAddress } from "../redis/connect.ts";
import { type ImportOptions, printImported, requireTimezone } from "./import-output.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { withProgress } from "./progress.ts";

export interface ImportBullOptions extends ImportOptions {
  readonly redis: string;
  readonly queue: string;
  readonly prefix: string;
  readonly timezone: string;
}

/** Prints a jobs.yaml that does what the schedules of a BullMQ queue do. Only reads. */
export async function importBullQueue(options: ImportBullOptions, io: Io): Promise<number> {
  const { queue, prefix } = options;
  const timezone = requireTimezone(options.timezone);
  const parsed = parseRedisUrl(options.redis);
  if (!parsed.ok) throw new CliFailure(`--redis: ${parsed.problem}`, EXIT.usage);
  const address: RedisAddress = { kind: "url", url: options.redis };
  const where = describeAddress(address);
  const read = async (redis: Redis) => {
    const entries = await readBullEntries(redis, prefix, queue);
    const version = await readBullVersion(redis, prefix, queue);
    return { entries, version, queues: entries.length === 0 ? await findBullQueues(redis, prefix) : [] };
  };
  const { entries, queues, version } = await withProgress(`reading the queue ${queue}`, () =>
    readFrom(address, io, read),
  );
  if (entries.length === 0) {
    const known = queues.length === 0 ? `no queue has the prefix ${prefix}` : suggest(queue, queues);
    const found = queues.includes(queue)
      ? `queue ${queue} has no schedules`
      : `there is no queue ${queue} (${known})`;
    throw new CliFailure(`${found}, in Redis at ${where}`);
  }
  return printImported(importBull({ queue, entries, timezone, version, nowMs: Date.now() }), options, io);
}

async function readFrom<T>(address: RedisAddress, io: Io, read: (redis: Redis) => Promise<T>): Promise<T> {
  const session = new RedisSession({
    address,
    name: "bellwether-cli",
    mayBeReplica: true,
    isActing: false,
    onBroken: where => io.err(brokenLine(where)),
  });
  try {
    return await session.use(read);
  } finally {
    session.close();
  }
}
