/** What a rolling restart replaces: a process that says when it is ready, and that ends in order when asked to. */
export interface Pod {
  /** Resolves when it takes part; rejects when it ends before. */
  whenReady(): Promise<unknown>;
  /** Sends SIGTERM and resolves with the exit code, null for a signal. */
  end(): Promise<number | null>;
}

/**
 * `surge`: a replacement is ready before the old pod is stopped, as with maxSurge 1 and maxUnavailable 0 in Kubernetes.
 * `recreate`: the old pod has ended before its replacement starts, as with maxUnavailable 1.
 */
export type RestartOrder = "surge" | "recreate";

/** Replaces the pods one after the other. Resolves with the new ones and the exit codes of the old ones. */
export async function restartInTurn<P extends Pod>(
  pods: readonly P[],
  start: () => P,
  order: RestartOrder,
): Promise<{ readonly pods: readonly P[]; readonly exitCodes: readonly (number | null)[] }> {
  const fresh: P[] = [];
  const exitCodes: (number | null)[] = [];
  for (const old of pods) {
    if (order === "recreate") exitCodes.push(await old.end());
    const replacement = start();
    fresh.push(replacement);
    await replacement.whenReady();
    if (order === "surge") exitCodes.push(await old.end());
  }
  return { pods: fresh, exitCodes };
}
