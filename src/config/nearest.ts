/**
 * The candidate that `word` was most likely meant to be, or null when none is near: at most one edit per three letters,
 * so that `ten` is not taken for `env`. Of candidates at equal distance the first one wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean …` when something is near, otherwise what there is to choose from. */
export function suggest(word: string, candidates: readonly string[]): string {
  const guess = nearest(word, candidates);
  if (guess !== null) return `did you mean ${guess}?`;
  return `expected ${candidates.length === 1 ? "" : "one of "}${candidates.join(", ")}`;
}

/**
 * Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours count 1 each.
 * Swaps are the commonest typing mistake (`tiemzone`).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitution);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
