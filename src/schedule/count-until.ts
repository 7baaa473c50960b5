/** How many of the items, which are in ascending order of their times, are at or before `limit`: found by halving. */
export function countUntil<T>(items: readonly T[], timeOf: (item: T) => number, limit: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(items[middle] as T) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
