import type { Clock } from "./clock.ts";
import { sleep } from "./sleep.ts";

/** True when `work` ends within the limit, also when it fails; false when it is still going on then. */
export async function settlesWithin(
  work: Promise<unknown>,
  limitMs: number,
  { clock = { sleep } }: { readonly clock?: Pick<Clock, "sleep"> } = {},
): Promise<boolean> {
  const settled = new AbortController();
  const done = work.then(
    () => true,
    () => true,
  );
  const over = clock.sleep(limitMs, settled.signal).then(() => false);
  const isSettled = await Promise.race([done, over]);
  settled.abort();
  return isSettled;
}
