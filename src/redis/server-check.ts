import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import { describeAddress } from "./connect.ts";
import type { RedisPlace } from "./given-connection.ts";
import { parseInfo, type ServerFacts, type ServerWarning } from "./server-facts.ts";

/** BullMQ 6 and `ZRANGE … BYSCORE` ask for it. */
const MINIMUM_VERSION = [6, 2] as const;

/** What is wrong with a server, from what it says of itself. Throws BW_REDIS_TOO_OLD. */
export function checkServer({ info, version, unchecked }: ServerFacts, address: RedisPlace): ServerWarning[] {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  const isOld = major < MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor < MINIMUM_VERSION[1]);
  if (version !== null && isOld) {
    const minimum = MINIMUM_VERSION.join(".");
    throw new BellwetherError("BW_REDIS_TOO_OLD", { address: describeAddress(address), version, minimum });
  }
  const warnings = [...unchecked];
  const policy = info["maxmemory_policy"] ?? "noeviction";
  if (policy !== "noeviction") {
    warnings.push({
      problem: `maxmemory-policy is ${policy}: when memory runs short Redis drops runs and cursors without a word`,
      advice: "set maxmemory-policy to noeviction",
    });
  }
  if (address.kind !== "cluster" && info["cluster_enabled"] === "1") {
    warnings.push({
      problem: "the server is a node of a Redis Cluster: it refuses the namespace unless it holds its slot",
      advice: "use redis.cluster",
    });
  }
  return warnings;
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
