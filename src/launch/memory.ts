import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { tellReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedNumber, storedPairs } from "../redis/stored-value.ts";
import { isKeptControl } from "./controls.ts";
import { AUDIT_ENTRIES } from "./history.ts";

const number = z.string().transform(text => storedNumber(text) ?? 0);
const memoryReply = z.tuple([
  z.tuple([number, z.string(), number, number, number, z.string()]),
  z.array(z.string()),
  z.array(z.string()),
]);
const MEMORY = new Script(memoryReply, new URL("./memory.lua", import.meta.url));
const putBackReply = z.union([
  z.tuple([z.enum(["fenced", "kept", "known"])]),
  z.tuple([z.literal("done")]).rest(z.string()),
]);
const PUT_BACK = new Script(putBackReply, new URL("./put-back.lua", import.meta.url));

/** What a replica remembers of the namespace, to notice when Redis has lost it, and to put it back. */
export interface Memory {
  /** Which data this is; empty before the first leader has named it. */
  readonly lineage: string;
  /** Grows every few seconds while there is a leader. */
  readonly beat: number;
  /** The newest term. */
  readonly term: number;
  /** Of the controls. */
  readonly version: number;
  /** The floor; -1 without one. */
  readonly generation: number;
  readonly hasCursors: boolean;
  /** Pauses and skips that are in force, as Redis keeps them. */
  readonly controls: ReadonlyMap<string, string>;
  /** Launched ticks of jobs with `maxRuns`, as Redis keeps them. */
  readonly counts: ReadonlyMap<string, string>;
}

export interface ReadMemory {
  /** What is remembered so far: of what has not changed nothing is sent. */
  readonly before: Memory | null;
  /** Of the term that this replica leads, or null. */
  readonly fence: string | null;
  /** Also the counts; a leader counts the beat on. */
  readonly isWhole: boolean;
}

/** Reads all of it in one script. Rejects when Redis is away. */
export async function readMemory(redis: Redis, keys: RedisKeys, request: ReadMemory): Promise<Memory> {
  const { before, fence, isWhole } = request;
  const mayName = before === null || before.lineage === "";
  const [[term, lineage, beat, version, generation, cursors], controls, counts] = await MEMORY.run(
    redis,
    [keys.term, keys.lineage, keys.controls, keys.generation, keys.cursors, keys.launched],
    [fence ?? "", mayName ? randomUUID() : "", before?.version ?? "", isWhole ? "1" : "0"],
  );
  const isSame = before?.version === version;
  return {
    lineage,
    beat,
    term,
    version,
    generation,
    hasCursors: cursors === "1",
    controls: isSame
      ? before.controls
      : new Map(storedPairs(controls).filter(([name]) => isKeptControl(name))),
    counts: isWhole
      ? new Map(storedPairs(counts).filter(([, count]) => storedNumber(count) !== null))
      : (before?.counts ?? new Map()),
  };
}

/** `jobs` are paused again. `kept`: nothing was lost. `known`: another replica has put back at least as much. */
export type PutBackOutcome =
  | { readonly outcome: "done"; readonly jobs: readonly string[] }
  | { readonly outcome: "fenced" | "kept" | "known" };

/** Adds what Redis has lost and no operator has changed since. Rejects when Redis is away or refuses. */
export async function putBack(
  redis: Redis,
  keys: RedisKeys,
  { lineage, term, version, generation, controls, counts }: Memory,
  { fence, by }: { readonly fence: string | null; readonly by: string },
): Promise<PutBackOutcome> {
  const { reason, reasonCode } = tellReason({ code: "order_lost" });
  const [outcome, ...jobs] = await PUT_BACK.run(
    redis,
    [keys.term, keys.lineage, keys.controls, keys.generation, keys.launched, keys.audit, keys.cursors],
    [
      ...[fence ?? "", lineage, version, generation, randomUUID(), by, keys.histories, AUDIT_ENTRIES],
      ...[term, reason, reasonCode, keys.leadershipChannel],
      ...[controls.size, ...[...controls].flat(), ...[...counts].flat()],
    ],
  );
  return outcome === "done" ? { outcome, jobs } : { outcome };
}
