import { endProcess } from "../../process-end.ts";

/**
 * A replica that `dev` started ends with it, even when `dev` is killed and cannot send a message: the channel between
 * the two closes then. Call it once, in the replica's process. `stop` is the replica's own orderly stop. It gets five
 * seconds, because the private Redis ends at the same moment and waiting for that would be in vain.
 */
export function stopWhenParentGoes(stop: () => void): void {
  process.once("disconnect", () => {
    setTimeout(() => endProcess(1), STOP_LIMIT_MS).unref();
    stop();
  });
  // Waiting for the parent is no reason to live on.
  process.channel?.unref();
}

/** Set to `1` in the environment of the replicas that `dev` starts. */
export const PARENT_VARIABLE = "BELLWETHER_PARENT";

const STOP_LIMIT_MS = 5_000;
