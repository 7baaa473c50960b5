import { stepDown, successorLimitMs } from "../client/stepping-down.ts";
import { either, type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { EXIT, type Io } from "./io.ts";

/** Asks the leader to let another replica lead, and waits for the successor. */
export async function stepdown(options: OperatorOptions, io: Io): Promise<number> {
  const { result, within } = await either(
    options,
    io,
    async api => ({ result: await api.stepDown(), within: "in time" }),
    () =>
      withCluster(options, io, async cluster => {
        const within = `within ${Math.round(successorLimitMs(cluster) / 1_000)} s`;
        return { result: await stepDown(cluster), within };
      }),
  );
  const { steppedDown: term, leader } = result;
  const line = leader
    ? `${leader.replica} leads now, term ${leader.term}, after term ${term}`
    : `the leader of term ${term} was asked; no other one has followed ${within}`;
  print(io, options, line, result);
  return leader ? EXIT.done : EXIT.failed;
}
