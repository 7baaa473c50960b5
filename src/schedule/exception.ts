/** What takes ticks away: an entry of `except`, or a calendar. */
export interface Exception {
  /** Equal for two exceptions that take away the same ticks. */
  readonly canonical: string;
  /** How people recognise it: `except 2026-12-24`, `calendar holidays`. */
  readonly label: string;
  /** The stretch [start, end) of excepted time that holds the moment, or null when the moment is not excepted. */
  stretchAt(instant: number, wall: number): Stretch | null;
}

export interface Stretch {
  /** `wall`: both ends are times on the zone's wall clock; `instant`: they are instants. */
  readonly clock: "wall" | "instant";
  readonly start: number;
  readonly end: number;
  /** What happens then: the name of a calendar's event. */
  readonly name?: string | undefined;
}
