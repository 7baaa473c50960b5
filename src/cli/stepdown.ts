import { setTimeout as sleep } from "node:timers/promises";
import type { Leader } from "../election/election.ts";
import { readLeader } from "../election/leader-record.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { type OperatorOptions, print, withOperator } from "./operator-session.ts";
import { loadProject } from "./project.ts";

const LOOK_MS = 100;
/** Beyond the third of the lease that a leader who stepped down leaves to others. */
const WAIT_MS = 5_000;

/** Asks the leader to let another replica lead, and waits for the successor. */
export async function stepdown(options: OperatorOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const waitMs = config.election.leaseTtlMs / 3 + WAIT_MS;
  // Kept when the command has to be sent again: a leader that was elected meanwhile is not meant.
  let asked: number | null = null;
  const { term, leader } = await withOperator(
    config,
    options,
    io,
    async ({ operator, requestId, redis, keys }) => {
      asked ??= await operator.newestTerm();
      const answer = await operator.stepDown({ requestId, term: asked });
      if (answer.outcome === "no leader") throw new CliFailure("no replica leads, so none can step down");
      const { term } = answer;
      return { term, leader: await nextLeader(() => readLeader(redis, keys), term, waitMs) };
    },
  );
  const line = leader
    ? `${leader.replica} leads now, term ${leader.term}, after term ${term}`
    : `the leader of term ${term} was asked; no other one has followed within ${Math.round(waitMs / 1_000)} s`;
  print(io, options, line, {
    steppedDown: term,
    leader: leader && { replica: leader.replica, term: leader.term },
  });
  return leader ? EXIT.done : EXIT.failed;
}

/** The leader of a later term, or null when there is none in time. */
async function nextLeader(
  read: () => Promise<Leader | null>,
  term: number,
  limitMs: number,
): Promise<Leader | null> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += LOOK_MS) {
    const leader = await read();
    if (leader && leader.term > term) return leader;
    await sleep(LOOK_MS);
  }
  return null;
}
