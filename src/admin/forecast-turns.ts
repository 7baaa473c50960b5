import type { Forecast, ForecastOptions } from "../client/forecast.ts";
import { BellwetherError } from "../errors.ts";

type Asked = Pick<ForecastOptions, "days" | "job" | "from">;

/** Each different one may take a second or two of a core. */
const MAX_WAITING = 20;
const FULL_WAIT_MS = 10_000;

/**
 * Forecasts, one after the other. Each gives way to other work every 10 ms, but a hundred side by side would keep the process, which
 * may lead, from everything else for a second at a time. Those who ask for the same one meanwhile share it.
 */
export class ForecastTurns {
  readonly #read: (asked: Asked) => Promise<Forecast>;
  readonly #underWay = new Map<string, Promise<Forecast>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(read: (asked: Asked) => Promise<Forecast>) {
    this.#read = read;
  }

  /** Throws BW_TOO_MANY_REQUESTS where too many different ones wait, and what reading throws. */
  async read({ days, job, from }: Asked): Promise<Forecast> {
    const key = JSON.stringify([days, job, from]);
    const known = this.#underWay.get(key);
    if (known !== undefined) return await known;
    if (this.#underWay.size >= MAX_WAITING)
      throw new BellwetherError("BW_TOO_MANY_REQUESTS", { waitMs: FULL_WAIT_MS });
    const made = this.#last
      .then(() => this.#read({ days, job, from }))
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, made);
    this.#last = made.catch(() => undefined);
    return await made;
  }
}
