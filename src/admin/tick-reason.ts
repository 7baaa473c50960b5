/**
 * The reasons of ticks as label values. What events say is for people and holds durations and numbers; a label must
 * have few values.
 */
const PATTERNS = {
  launched: { scheduled: /^scheduled$/, "catch-up": /^catch-up$/ },
  skipped: {
    overlap: /^overlap$/,
    paused: /^paused$/,
    "skip-next": /^skip-next$/,
    replaced: /^replaced by a newer tick$/,
    removed: /^the job was removed\b/,
  },
  missed: {
    none: /^catchUp: none$/,
    superseded: /^catchUp: latest\b/,
    limit: /^beyond catchUpLimit\b/,
    window: /^older than catchUpWindow\b/,
  },
};

export type TickOutcome = keyof typeof PATTERNS;

/** For a reason that is not in the table. */
const OTHER = "other";

/** By outcome, every value that the label has. */
export const TICK_REASONS: Readonly<Record<TickOutcome, readonly string[]>> = {
  launched: Object.keys(PATTERNS.launched),
  skipped: [...Object.keys(PATTERNS.skipped), OTHER],
  missed: [...Object.keys(PATTERNS.missed), OTHER],
};

/** The label value for the reason that an event gives; of a launched tick its kind is the reason. */
export function tickReason(outcome: TickOutcome, text: string): string {
  return Object.entries(PATTERNS[outcome]).find(([, pattern]) => pattern.test(text))?.[0] ?? OTHER;
}
