import type { Direction, FaultyLink, TripPoint } from "../support/faulty-link.ts";
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
import { CONNECTION_FAULTS } from "./connection-faults.ts";
import type { Step } from "./fault-script.ts";
import { OPERATOR_FAULTS } from "./operator-faults.ts";
import { QUEUE_FAULTS } from "./queue-faults.ts";
import { WRONG_CLOCKS_S } from "./replica-group.ts";
import { SERVER_FAULTS } from "./server-faults.ts";
import type { Injected } from "./servers.ts";

const TRIP_POINTS: readonly TripPoint[] = ["before", "within", "after", "late"];
/** The data of every run contains it, so every launch does, and nothing else that a replica sends. */
const LAUNCH_TEXT = "_tick";
const DELAY_MS = [20, 400] as const;

/**
 * Carries a step out. Resolves with what was done, to which replica, and how it ends; null when there was no target.
 */
export async function inject(faults: Faults, step: Step): Promise<Injected | null> {
  const act = faults.servers.faults[step.fault] ?? ACTS[step.fault]?.bind(null, faults);
  if (!act) throw new Error(`BUG: ${step.fault} is no fault of the store ${faults.servers.store}`);
  return act(step);
}

const ACTS: Acts = {
  ...CONNECTION_FAULTS,
  ...SERVER_FAULTS,
  ...OPERATOR_FAULTS,
  ...QUEUE_FAULTS,
  "kill -9 of a leader": endAndReplace("SIGKILL"),
  "kill -9 of a follower": endAndReplace("SIGKILL"),
  "stop of a leader (SIGTERM)": endAndReplace("SIGTERM"),
  "freeze beyond the TTL": freeze,
  "freeze within the TTL": freeze,
  "clock an hour off": wrongClock,
  "rolling restart": rollingRestart,
  "Redis: connections cut": onLinks("redisLinks", cut),
  "Redis: cut in a launch": cutInLaunch,
  "Redis: requests held up": onLinks("redisLinks", hold("requests")),
  "Redis: replies held up": onLinks("redisLinks", hold("replies")),
  "Redis: black hole": onLinks("redisLinks", hold("requests", "replies")),
  "Redis: delay": onLinks("redisLinks", delay),
  "etcd: connections cut": onLinks("etcdLinks", cut),
  "etcd: requests held up": onLinks("etcdLinks", hold("requests")),
  "etcd: replies held up": onLinks("etcdLinks", hold("replies")),
  "etcd: black hole": onLinks("etcdLinks", hold("requests", "replies")),
  "etcd: delay": onLinks("etcdLinks", delay),
  "everything down": everythingDown,
};

function endAndReplace(signal: "SIGKILL" | "SIGTERM"): Act {
  return async (faults, step) => {
    const slot = target(faults, step);
    const what = `${signal} to ${nameOf(faults, slot)}`;
    const ended = faults.group.end(slot, signal);
    if (signal === "SIGKILL") await ended;
    return { what, slots: [slot.name], heal: () => ended.then(() => faults.group.replace(slot)) };
  };
}

async function freeze(faults: Faults, step: Step): Promise<Injected> {
  const slot = target(faults, step);
  const what = `SIGSTOP to ${nameOf(faults, slot)} for ${step.holdMs} ms`;
  const frozen = slot.process;
  faults.group.freeze(slot);
  return {
    what,
    slots: [slot.name],
    heal: async () => (frozen === slot.process ? faults.group.thaw(slot) : undefined),
  };
}

/** Replaces a replica by one whose wall clock is wrong, and stays so until it dies. */
async function wrongClock(faults: Faults, step: Step): Promise<Injected> {
  const slot = target(faults, step);
  const offsetS = WRONG_CLOCKS_S[Math.floor(step.variant * WRONG_CLOCKS_S.length)] ?? 0;
  const what = `${nameOf(faults, slot)} replaced by one whose clock is ${offsetS} s off`;
  await faults.group.end(slot, "SIGKILL");
  faults.group.replace(slot, offsetS);
  return { what, slots: [slot.name], heal: NOTHING_TO_HEAL };
}

/** As a deploy does it: each is stopped when the one before it has been replaced and is up. */
async function rollingRestart(faults: Faults): Promise<Injected> {
  const { group } = faults;
  const roll = async () => {
    for (const slot of group.slots) {
      await group.end(slot, "SIGTERM");
      group.replace(slot);
      await slot.process.when("redis.connected").catch(() => undefined);
    }
  };
  const rolled = roll();
  return {
    what: "every replica stopped and replaced, one after the other",
    slots: allOf(faults),
    heal: () => rolled,
  };
}

type LinkAct = (links: readonly FaultyLink[], step: Step) => { what: string; heal: () => void };

function onLinks(which: "redisLinks" | "etcdLinks", act: LinkAct): Act {
  return async (faults, step) => {
    const slot = target(faults, step);
    const name = nameOf(faults, slot);
    const { what, heal } = act(slot[which], step);
    return { what: `${name}: ${what}`, slots: [slot.name], heal: async () => heal() };
  };
}

function cut(links: readonly FaultyLink[], { holdMs }: Step) {
  for (const link of links) link.cut();
  return { what: `cut off for ${holdMs} ms`, heal: () => links.forEach(link => void link.mend()) };
}

function hold(...directions: readonly Direction[]): LinkAct {
  return (links, { holdMs, variant }) => {
    for (const link of links) link.hold(directions);
    const end = variant < 0.6 ? "deliver" : "reset";
    return {
      what: `${directions.join(" and ")} held up for ${holdMs} ms, then ${end === "deliver" ? "delivered" : "lost"}`,
      heal: () => links.forEach(link => void link.release(end)),
    };
  };
}

function delay(links: readonly FaultyLink[], { holdMs, variant }: Step) {
  const [low, high] = DELAY_MS;
  const ms = Math.round(low + variant * (high - low));
  for (const link of links) link.delay(ms);
  return {
    what: `${ms} ms each way for ${holdMs} ms`,
    heal: () => links.forEach(link => void link.delay(0)),
  };
}

/** Every replica is armed: the fault hits the next one that launches. */
async function cutInLaunch(faults: Faults, step: Step): Promise<Injected> {
  const { holdMs } = step;
  const at = variantOf(TRIP_POINTS, step);
  const links = faults.group.slots.flatMap(slot => slot.redisLinks.map(link => ({ slot, link })));
  const disarm = () => links.forEach(({ link }) => void link.disarmTrip());
  for (const { slot, link } of links) {
    link.armTrip(at, LAUNCH_TEXT, () => {
      disarm();
      faults.note(`fault: ${nameOf(faults, slot)}: connection cut "${at}" in a launch`);
    });
  }
  return {
    what: `the next launch within ${holdMs} ms is cut "${at}"`,
    slots: allOf(faults),
    heal: async () => disarm(),
  };
}

async function everythingDown({ group, servers }: Faults, { holdMs }: Step): Promise<Injected> {
  await Promise.all([...group.slots.map(slot => group.end(slot, "SIGKILL")), servers.down()]);
  const heal = async () => {
    await servers.up();
    for (const slot of group.slots) group.replace(slot);
  };
  return { what: `replicas and servers killed, down for ${holdMs} ms`, heal };
}
