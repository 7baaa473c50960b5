/** How many there are of each in one history of ticks.pml; what is not named does not happen. */
interface TickBounds {
  readonly TICKS?: number;
  readonly EDITS?: number;
  readonly EXPIRIES?: number;
  readonly DROPS?: number;
  readonly REFUSALS?: number;
  readonly FAILOVERS?: number;
  readonly MANUALS?: number;
  readonly BEHIND?: number;
}

interface TickSearch {
  readonly name: string;
  readonly kind: "holds" | "mutant" | "limit";
  readonly model: "ticks.pml";
  readonly bounds: TickBounds;
  readonly without: readonly string[];
  readonly isDeep?: true;
}

function search(
  kind: TickSearch["kind"],
  name: string,
  bounds: TickBounds,
  ...without: string[]
): TickSearch {
  const none = { EDITS: 0, MANUALS: 0, BEHIND: 0 };
  return { name: `tick-${name}`, kind, model: "ticks.pml", bounds: { ...none, ...bounds }, without };
}

/** What the model may do besides: JITTER, PASSES (missed ticks), OVERLAP (`skip`), QUEUE (with OVERLAP: `queue`). */
export const TICK_SEARCHES: readonly TickSearch[] = [
  search("holds", "held-and-edited", { EDITS: 1, EXPIRIES: 1, DROPS: 1 }, "JITTER"),
  search("holds", "missed-and-edited", { EDITS: 1, EXPIRIES: 1, DROPS: 1, REFUSALS: 1 }, "PASSES"),
  search("holds", "edited-twice", { EDITS: 2, DROPS: 2 }),
  search("holds", "clocks-apart", { EDITS: 1, EXPIRIES: 1, DROPS: 1, BEHIND: 1 }),
  search("holds", "decided-after-failover", { EDITS: 1, EXPIRIES: 1, FAILOVERS: 1 }, "DECIDED_ONLY"),
  search("holds", "skip", { TICKS: 3, EXPIRIES: 1, DROPS: 1, REFUSALS: 1, MANUALS: 1 }, "OVERLAP"),
  search("holds", "queue", { TICKS: 3, EXPIRIES: 1, DROPS: 1, REFUSALS: 1, MANUALS: 1 }, "OVERLAP", "QUEUE"),
  search("holds", "skip-and-edited", { EDITS: 1, EXPIRIES: 1, DROPS: 1 }, "OVERLAP"),
  search("holds", "queue-and-edited", { EDITS: 1, EXPIRIES: 1, DROPS: 1, MANUALS: 1 }, "OVERLAP", "QUEUE"),
  search("holds", "overlap-after-failover", { MANUALS: 1, FAILOVERS: 1 }, "OVERLAP"),

  search("mutant", "cursor-not-kept", { EDITS: 1 }, "FORGET_CURSOR"),
  search("mutant", "cursor-moved-to-the-change", { EDITS: 1 }, "MOVE_CURSOR"),
  search("mutant", "no-watch-epoch-cursors", { EDITS: 1, DROPS: 1 }, "NO_WATCH_EPOCHS"),
  search("mutant", "begun-before-the-cursor", { EDITS: 1, EXPIRIES: 1, BEHIND: 1 }, "BEGIN_AT_NOW"),
  search("mutant", "define-without-fence", { EDITS: 1, EXPIRIES: 1, DROPS: 1 }, "DEFINE_UNFENCED"),
  search("mutant", "late-definition", { EDITS: 2, DROPS: 1 }, "LATE_DEFINE"),
  search("mutant", "no-watch-newest-run", { MANUALS: 1 }, "OVERLAP", "NO_WATCH_NEWEST"),
  search("mutant", "run-not-named", {}, "OVERLAP", "NO_MARK"),
  search("mutant", "removed-is-ended", {}, "OVERLAP", "NO_WORKING"),
  search("mutant", "pass-after-refusal", { REFUSALS: 1 }, "OVERLAP", "PASS_AFTER_REFUSAL"),

  search("limit", "change-forgotten", { EDITS: 1, FAILOVERS: 1 }),
];
