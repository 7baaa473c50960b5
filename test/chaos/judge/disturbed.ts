import type { Disturbance } from "./evidence.ts";
import { overlaps, union, type Window } from "./windows.ts";

/**
 * When the leader may be late. What is done to a follower counts only where the leader is in trouble as well, because
 * then the follower is missing as its successor.
 */
export function disturbedWindows(
  disturbances: readonly Disturbance[],
  stalls: readonly Window[],
): readonly Window[] {
  let followers = disturbances.filter(({ of }) => of === "follower");
  let windows = union([...disturbances.filter(({ of }) => of !== "follower"), ...stalls]);
  for (;;) {
    const touching = followers.filter(follower => windows.some(window => overlaps(window, follower)));
    if (touching.length === 0) return windows;
    followers = followers.filter(follower => !touching.includes(follower));
    windows = union([...windows, ...touching]);
  }
}
