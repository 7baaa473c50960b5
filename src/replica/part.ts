import type { Config } from "../config/config.ts";
import type { ZoneData } from "../config/zone-data.ts";
import type { Handler } from "../handlers/handler.ts";

/** The configuration that a replica runs with, and what belongs to it. */
export interface Carried {
  readonly config: Config;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly zones: ZoneData;
}

/** A part of a running replica. */
export interface Part {
  /** Rejects with `Aborted` when `stopping` aborts before it has started. */
  start(stopping: AbortSignal): Promise<void> | void;
  /** Ends it, also before it has started. Resolves with false when it cut work off. */
  stop(): Promise<unknown>;
  /** Goes on with a changed configuration. */
  carry?(carried: Carried): void;
}
