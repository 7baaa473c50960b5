import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { BellwetherError } from "../errors.ts";

/** Makes metrics in one registry. Names begin with `bellwether_`, times are seconds. Throws BW_METRICS_TAKEN. */
export class Instruments {
  readonly #registry: Registry;
  readonly #names: string[] = [];

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Takes its metrics out of the registry, which keeps those of others. */
  remove(): void {
    for (const name of this.#names) this.#registry.removeSingleMetric(name);
  }

  /** What every metric is made with. */
  #about<L extends string>(metric: string, help: string, labelNames: L[] = []) {
    const name = `bellwether_${metric}`;
    if (this.#registry.getSingleMetric(name)) {
      this.remove();
      throw new BellwetherError("BW_METRICS_TAKEN", { metric: name });
    }
    this.#names.push(name);
    return { name, help, labelNames, registers: [this.#registry] };
  }

  counter<L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter(this.#about(name, help, labelNames));
  }

  gauge<L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> {
    return new Gauge(this.#about(name, help, labelNames));
  }

  /** A gauge that is read when it is asked for. */
  reading<L extends string = never>(
    name: string,
    help: string,
    read: (gauge: Gauge<L>) => void | Promise<void>,
    ...labelNames: L[]
  ): void {
    new Gauge({
      ...this.#about(name, help, labelNames),
      collect() {
        return read(this);
      },
    });
  }

  /** A counter that is kept elsewhere, and read when it is asked for. */
  count(name: string, help: string, read: () => number): void {
    new Counter({
      ...this.#about(name, help),
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> {
    return new Histogram({ ...this.#about(name, help, labelNames), buckets });
  }
}

/** Not below zero: a counter that is to go back throws. */
export function seconds(ms: number): number {
  return Math.max(ms, 0) / 1_000;
}
