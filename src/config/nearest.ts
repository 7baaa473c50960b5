import { editDistance } from "../schedule/edit-distance.ts";

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
