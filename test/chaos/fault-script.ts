import { Random } from "../support/random.ts";
import { FAULTS, type FaultKind, type FaultRule, type StoreKind } from "./fault-kinds.ts";

/** One fault to come. Who leads then is not known when the script is drawn, so the leader has no name here. */
export interface Step {
  /** From the start of the faults, which falls on a full second, as every tick does. */
  readonly atMs: number;
  readonly fault: FaultKind;
  /** How long it lasts, for faults that last. */
  readonly holdMs: number;
  /** True: the leader, if there is one. Otherwise `pick` says who. */
  readonly atLeader: boolean;
  readonly pick: number;
  /** 0 ≤ n < 1: which of the variants of the fault. */
  readonly variant: number;
}

export interface ScriptOptions {
  readonly seed: number;
  readonly store: StoreKind;
  /** No fault begins that would not have ended by then. */
  readonly durationMs: number;
  /** Only the faults of the deck whose names contain this. */
  readonly only?: string;
  /** Instead of the store's own deck, again and again: exactly these, in the order of the seed. */
  readonly once?: readonly FaultKind[];
}

/** Now and then nothing happens for a while, so that what is bounded in quiet times can be seen. */
const CALM_EVERY_MS = 40_000;
const CALM_MS = 7_000;
/** How often a fault is aimed at the moment of a launch, and how near: that is where it hurts. */
const AIMED_SHARE = 0.6;
const AIM_MS = [-20, 60] as const;
const GAP_MS = [50, 550] as const;
const SECOND_MS = 1_000;

/** The faults of a run, in order. The same options give the same script. */
export function drawScript({ seed, store, durationMs, only = "", once }: ScriptOptions): Step[] {
  const random = new Random(seed);
  const steps: Step[] = [];
  const cards = shuffle([...(once ?? deckOf(store, only))], random);
  for (let atMs = SECOND_MS; ; ) {
    if (cards.length === 0 && !once) cards.push(...shuffle(deckOf(store, only), random));
    const fault = cards.pop();
    if (fault === undefined) return steps;
    const rule: FaultRule = FAULTS[fault];
    const aimedMs = random.next() < AIMED_SHARE ? aim(atMs, random) : atMs;
    const step = {
      atMs: Math.round(aimedMs),
      fault,
      holdMs: Math.round(random.between(...rule.holdMs)),
      atLeader: random.next() < (rule.leaderShare ?? 1),
      pick: Math.floor(random.next() * 1_000),
      variant: random.next(),
    };
    if (step.atMs + step.holdMs > durationMs) return steps;
    steps.push(step);
    const restMs = rule.restMs === undefined ? 0 : step.holdMs + rule.restMs;
    const nextMs = Math.max(atMs, step.atMs) + restMs + random.between(...GAP_MS);
    const isCalmNext = Math.floor(nextMs / CALM_EVERY_MS) > Math.floor(atMs / CALM_EVERY_MS);
    atMs = nextMs + (isCalmNext ? CALM_MS : 0);
  }
}

/** Just before, within or just after the next moment of a launch. */
function aim(atMs: number, random: Random): number {
  return Math.ceil(atMs / SECOND_MS) * SECOND_MS + random.between(...AIM_MS);
}

function deckOf(store: StoreKind, only: string): FaultKind[] {
  return Object.entries(FAULTS).flatMap(([fault, { cards }]) => {
    const count = fault.includes(only) ? ((cards as FaultRule["cards"])[store] ?? 0) : 0;
    return Array.from({ length: count }, () => fault as FaultKind);
  });
}

function shuffle<T>(list: T[], random: Random): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}
