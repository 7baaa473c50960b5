import type {
  Bid,
  BidOutcome,
  Election,
  Leader,
  Presence,
  ReleaseOutcome,
  ReleaseReason,
  Renewal,
  RenewOutcome,
} from "../../src/election/election.ts";

type Answer<T> = T | Error | "no answer" | "silence";

/**
 * A lease store that answers what the test says, so that the elector's timing can be tested on a clock that the
 * test moves. What real stores answer is the conformance suite's business.
 */
export class ScriptStore implements Election {
  readonly kind = "redis";
  hasPlaces = false;
  readonly bids: Bid[] = [];
  readonly renewals: Renewal[] = [];
  readonly releases: { readonly bid: Bid; readonly reason: ReleaseReason }[] = [];
  withdrawals = 0;
  /** How often the presence of a leader was asked for. */
  looks = 0;
  onLook: (leader: Leader, count: number) => Answer<Presence> = () => "there";
  onCampaign: (bid: Bid, count: number) => Answer<BidOutcome> = () => "no answer";
  onRelease: () => ReleaseOutcome = () => "ended";
  onCurrent: () => Leader | null = () => null;
  onRenew: (bid: Renewal, count: number) => Answer<RenewOutcome> = () => "renewed";
  #wakers = new Set<() => void>();

  campaign(bid: Bid): Promise<BidOutcome> {
    this.bids.push(bid);
    return answer(this.onCampaign(bid, this.bids.length));
  }

  presenceOf(leader: Leader): Promise<Presence> {
    this.looks += 1;
    return answer(this.onLook(leader, this.looks));
  }

  renew(bid: Renewal): Promise<RenewOutcome> {
    this.renewals.push(bid);
    return answer(this.onRenew(bid, this.renewals.length));
  }

  async release(bid: Bid, reason: ReleaseReason): Promise<ReleaseOutcome> {
    this.releases.push({ bid, reason });
    return this.onRelease();
  }

  async withdraw(): Promise<void> {
    this.withdrawals += 1;
  }

  async current(): Promise<Leader | null> {
    return this.onCurrent();
  }

  onChange(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  }

  announceChange(): void {
    for (const wake of this.#wakers) wake();
  }
}

function answer<T>(value: Answer<T>): Promise<T> {
  if (value === "silence") return new Promise(() => undefined);
  if (value instanceof Error) return Promise.reject(value);
  return value === "no answer" ? Promise.reject(new Error("no answer")) : Promise.resolve(value as T);
}

export function elected(term: number): BidOutcome {
  const cause = { cause: "first" } as const;
  return { outcome: "elected", term, sinceMs: 0, reason: "vacant", previous: null, cause, vacantMs: null };
}

export function held(
  replica: string,
  term: number,
  endsInMs = 9_000,
  presence: Presence = "unknown",
  isWatcher = true,
): BidOutcome {
  return { outcome: "held", leader: { replica, term, sinceMs: 0 }, endsInMs, presence, isWatcher };
}
