import type { Redis } from "ioredis";
import type { RedisAddress } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { describeAddress } from "./connect.ts";

/** BullMQ 6 and `ZRANGE … BYSCORE` ask for it. */
const MINIMUM_VERSION = [6, 2] as const;

/** A problem that does not stop Bellwether but may cost runs, and what to do. */
export interface ServerWarning {
  readonly problem: string;
  readonly advice: string;
}

export interface ServerFacts {
  readonly version: string;
  readonly warnings: readonly ServerWarning[];
}

/** Reads what the server says of itself. Throws BW_REDIS_TOO_OLD; rejects when it does not answer. */
export async function checkServer(redis: Redis, address: RedisAddress): Promise<ServerFacts> {
  const info = parseInfo(await redis.info());
  const version = info["redis_version"] ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor < MINIMUM_VERSION[1])) {
    const where = describeAddress(address);
    throw new BellwetherError("BW_REDIS_TOO_OLD", {
      address: where,
      version,
      minimum: MINIMUM_VERSION.join("."),
    });
  }
  const policy = info["maxmemory_policy"] ?? "noeviction";
  const warnings =
    policy === "noeviction"
      ? []
      : [
          {
            problem: `maxmemory-policy is ${policy}: when memory runs short Redis drops runs and cursors without a word`,
            advice: "set maxmemory-policy to noeviction",
          },
        ];
  return { version, warnings };
}

/** What a restart or a failover of this server would take back. Rejects when it does not answer. */
export async function checkDurability(redis: Redis): Promise<ServerWarning[]> {
  const info = parseInfo(await redis.info());
  const warnings: ServerWarning[] = [];
  if (info["aof_enabled"] === "0") {
    warnings.push({
      problem:
        "appendonly is off: a restart of Redis takes back what was written since its last snapshot, if there is one",
      advice: "set appendonly to yes (appendfsync everysec costs at most a second)",
    });
  }
  const replicas = Number(info["connected_slaves"] ?? 0);
  if (replicas > 0 && info["min_slaves_good_slaves"] === undefined) {
    warnings.push({
      problem: `Redis has ${replicas} replica(s) and acknowledges writes that none of them has: a failover takes them back`,
      advice: "set min-replicas-to-write to 1",
    });
  }
  return warnings;
}

function parseInfo(text: string): Record<string, string> {
  const lines = text.split("\r\n").filter(line => line.includes(":"));
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}
