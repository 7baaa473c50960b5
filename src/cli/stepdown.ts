import { stepDown, successorLimitMs } from "../client/stepping-down.ts";
import { type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { EXIT, type Io } from "./io.ts";

/** Asks the leader to let another replica lead, and waits for the successor. */
export function stepdown(options: OperatorOptions, io: Io): Promise<number> {
  return withCluster(options, io, async cluster => {
    const result = await stepDown(cluster);
    const { steppedDown: term, leader } = result;
    const limit = Math.round(successorLimitMs(cluster) / 1_000);
    const line = leader
      ? `${leader.replica} leads now, term ${leader.term}, after term ${term}`
      : `the leader of term ${term} was asked; no other one has followed within ${limit} s`;
    print(io, options, line, result);
    return leader ? EXIT.done : EXIT.failed;
  });
}
