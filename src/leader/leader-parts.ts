import type { Clock } from "../clock/clock.ts";
import type { Events } from "../events.ts";
import type { Launcher } from "../launch/launcher.ts";

/** What all parts of a leader work with. */
export interface LeaderParts {
  readonly launcher: Omit<Launcher, "isConnected" | "close" | "rehearse">;
  readonly clock: Clock;
  readonly events: Events;
}
