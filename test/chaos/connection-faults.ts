import {
  type Act,
  type Acts,
  allOf,
  type Faults,
  NOTHING_TO_HEAL,
  nameOf,
  target,
  variantOf,
} from "./act.ts";
import type { Step } from "./fault-script.ts";
import type { Injected } from "./servers.ts";

/** What a replica calls its connections to Redis. */
const NAMES = ["launch", "lease", "plain", "presence", "worker", "locks"] as const;

/** Faults of one connection of one replica: all its others go on. */
export const CONNECTION_FAULTS: Acts = {
  "launch connection": onConnection("launch"),
  "lease connection": onConnection("lease"),
  "plain connection": onConnection("plain"),
  "presence connection": onConnection("presence"),
  "worker connection": onConnection("worker"),
  "locks connection": onConnection("locks"),
  "half-open connection": halfOpen,
  "clients at their limit": clientLimit,
  "CLIENT KILL": clientKill,
};

/** It is reset, or nothing of it arrives any more. */
function onConnection(name: string): Act {
  return async (faults, step) => {
    const slot = target(faults, step);
    const links = slot.redisLinks.filter(link => link.has(name));
    if (links.length === 0) return null;
    const about = { slots: [slot.name] };
    const whose = `${nameOf(faults, slot)}: its connection "${name}"`;
    if (step.variant < 0.4) {
      for (const link of links) link.resetNamed(name);
      return { ...about, what: `${whose} reset`, heal: NOTHING_TO_HEAL };
    }
    for (const link of slot.redisLinks) link.holdNamed(name);
    return {
      ...about,
      what: `${whose} in a black hole for ${step.holdMs} ms`,
      heal: async () => slot.redisLinks.forEach(link => void link.releaseNamed(name)),
    };
  };
}

/** One side is closed without notice to the other, as behind a load balancer that forgets. */
async function halfOpen(faults: Faults, step: Step): Promise<Injected | null> {
  const slot = target(faults, step);
  const name = variantOf(NAMES, step);
  const links = slot.redisLinks.filter(link => link.has(name));
  if (links.length === 0) return null;
  const closed = step.pick % 2 === 0 ? "client" : "server";
  for (const link of links) link.halfOpen(name, closed);
  return {
    what: `${nameOf(faults, slot)}: its connection "${name}" half-open, closed at the ${closed}`,
    slots: [slot.name],
    heal: async () => links.forEach(link => void link.resetNamed(name)),
  };
}

const MAX_CLIENTS = 10_000;

/** No client gets in any more, and one that was in has to. */
async function clientLimit(faults: Faults, step: Step): Promise<Injected> {
  const redis = await faults.admin();
  const count = Number(/connected_clients:(\d+)/.exec(await redis.info("clients"))?.[1]);
  await redis.config("SET", "maxclients", count - 1);
  const slot = target(faults, step);
  const name = variantOf(NAMES, step);
  for (const link of slot.redisLinks) link.resetNamed(name);
  return {
    what: `no more than ${count - 1} clients for ${step.holdMs} ms, and "${name}" of ${nameOf(faults, slot)} reset`,
    slots: [slot.name],
    heal: () => faults.untilDone(redis, admin => admin.config("SET", "maxclients", MAX_CLIENTS)),
  };
}

const PARTS = [":launch", ":lease", ":presence", ":worker", "bellwether:"] as const;

/** Of all replicas at the same moment. */
async function clientKill(faults: Faults, step: Step): Promise<Injected> {
  const redis = await faults.admin();
  const part = variantOf(PARTS, step);
  const list = String(await redis.client("LIST"));
  const victims = [...list.matchAll(/^id=(\d+) .*? name=(bellwether\S*) /gm)].filter(([, , name = ""]) =>
    name.includes(part),
  );
  await Promise.all(victims.map(([, id = ""]) => redis.client("KILL", "ID", id)));
  return {
    what: `CLIENT KILL of ${victims.length} connections (${part})`,
    slots: allOf(faults),
    heal: NOTHING_TO_HEAL,
  };
}
