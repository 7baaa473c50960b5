/** How many there are of each in one history of the lock; what is not named does not happen. */
interface LockBounds {
  /** Of all processes together. */
  readonly ACQUISITIONS: number;
  readonly DROPS?: number;
  readonly CRASHES?: number;
  readonly WRITES?: number;
  readonly LOSSES?: number;
  readonly LATE_ANSWERS?: number;
}

interface LockSearch {
  readonly name: string;
  readonly kind: "holds" | "mutant" | "limit";
  readonly model: "locks.pml";
  readonly bounds: LockBounds;
  readonly without?: readonly string[];
}

function search(
  kind: LockSearch["kind"],
  name: string,
  bounds: LockBounds,
  ...without: string[]
): LockSearch {
  return { name: `lock-${name}`, kind, model: "locks.pml", bounds, without };
}

/** Of the lock (locks.pml); what the kinds mean is in check.ts. */
export const LOCK_SEARCHES: readonly LockSearch[] = [
  search("holds", "late-commands", { ACQUISITIONS: 2, DROPS: 1, LATE_ANSWERS: 1 }),
  search("holds", "writes", { ACQUISITIONS: 2, CRASHES: 1, WRITES: 2 }),
  search("holds", "three-holders", { ACQUISITIONS: 3 }),
  search("holds", "fences-after-losses", { ACQUISITIONS: 2, LOSSES: 1, WRITES: 2 }, "FENCE_ONLY"),

  search("mutant", "taken-over-by-presence", { ACQUISITIONS: 2 }, "PRESENCE"),
  search("mutant", "release-any-token", { ACQUISITIONS: 3 }, "RELEASE_BLINDLY"),
  search("mutant", "renew-any-token", { ACQUISITIONS: 2 }, "RENEW_BLINDLY", "LATE_ANSWER_COUNTS"),
  search("mutant", "trust-from-answer", { ACQUISITIONS: 2 }, "TRUST_FROM_ANSWER"),
  search("mutant", "trust-without-end", { ACQUISITIONS: 2 }, "NO_TRUST_WINDOW"),
  search("mutant", "no-margin", { ACQUISITIONS: 2 }, "NO_MARGIN"),
  search("mutant", "late-answer-counts", { ACQUISITIONS: 2, DROPS: 1 }, "LATE_ANSWER_COUNTS"),
  search("mutant", "released-before-the-end", { ACQUISITIONS: 2 }, "RELEASE_EARLY"),
  search("mutant", "no-mark-at-release", { ACQUISITIONS: 1, DROPS: 1 }, "NO_MARK"),
  search("mutant", "fence-drawn-apart", { ACQUISITIONS: 2 }, "FENCE_APART"),
  search("mutant", "fence-forgotten", { ACQUISITIONS: 2, LOSSES: 1 }, "FENCE_FORGOTTEN", "FENCE_ONLY"),
  search("mutant", "resource-without-check", { ACQUISITIONS: 2, WRITES: 2 }, "NO_FENCE_CHECK"),

  search("limit", "lost-by-redis", { ACQUISITIONS: 2, LOSSES: 1 }),
];
