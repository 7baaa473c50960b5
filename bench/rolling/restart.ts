import { setTimeout as sleep } from "node:timers/promises";
import { type Pod, restartInTurn } from "../../test/support/rolling-restart.ts";
import { StallProbe } from "../support/stall-probe.ts";
import type { PodTimes, RollingOptions } from "./outcome.ts";
import { PodClock } from "./pod-clock.ts";

export interface Restarts {
  /** The first restart begins and the last one has ended, with some quiet before and after; epoch ms. */
  readonly fromAtMs: number;
  readonly untilAtMs: number;
  readonly pods: PodTimes;
  /** How late a timer of this process was meanwhile. */
  readonly stallMs: readonly number[];
  /** Ends the pods of the last round. */
  end(): Promise<void>;
}

/** All pods are up and their code is compiled before the first restart. */
const WARM_UP_MS = 3_000;
/** The last handoff has finished. */
const SETTLE_MS = 2_000;

/** Starts the pods, and restarts all of them in turn as often as is wanted. */
export async function restartAgainAndAgain(
  { replicas, rounds, order, onProgress }: RollingOptions,
  startPod: () => Pod,
): Promise<Restarts> {
  const clock = new PodClock();
  const start = () => clock.time(startPod());
  const first = Array.from({ length: replicas }, startPod);
  await Promise.all(first.map(pod => pod.whenReady()));
  await sleep(WARM_UP_MS);

  const stall = new StallProbe();
  const fromAtMs = Date.now();
  let pods: readonly Pod[] = first;
  for (let round = 1; round <= rounds; round++) {
    const startedMs = performance.now();
    ({ pods } = await restartInTurn(pods, start, order));
    onProgress(`restart ${round} of ${rounds}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  }
  await sleep(SETTLE_MS);
  const untilAtMs = Date.now();
  await stall.stop();
  const end = async () => {
    await Promise.all(pods.map(pod => pod.end()));
  };
  return { fromAtMs, untilAtMs, pods: clock, stallMs: stall.lateMs, end };
}
