import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { BellwetherError } from "../errors.ts";

/** A metric with these labels, and its value. */
export type Series<L extends string> = readonly [Readonly<Record<L, string>>, number];

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

  counter<L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ ...this.#about(name, help), labelNames });
  }

  gauge<L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> {
    return new Gauge({ ...this.#about(name, help), labelNames });
  }

  /** A gauge that is read when it is asked for. */
  reading(name: string, help: string, read: () => number): void {
    const collect = (): void => gauge.set(read());
    const gauge = new Gauge({ ...this.#about(name, help), collect });
  }

  /** Gauges that are read when they are asked for. Those that are not read have no series. */
  readings<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    read: () => Iterable<Series<L>> | Promise<Iterable<Series<L>>>,
  ): void {
    const collect = async () => {
      const series = await read();
      gauge.reset();
      for (const [labels, value] of series) gauge.set(labels, value);
    };
    const gauge = new Gauge({ ...this.#about(name, help), labelNames, collect });
  }

  /** A counter that is kept elsewhere, and read when it is asked for. */
  count(name: string, help: string, read: () => number): void {
    const collect = () => {
      counter.reset();
      counter.inc(read());
    };
    const counter = new Counter({ ...this.#about(name, help), collect });
  }

  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> {
    return new Histogram({ ...this.#about(name, help), labelNames, buckets });
  }

  /** What every metric is made with. */
  #about(metric: string, help: string) {
    const name = `bellwether_${metric}`;
    if (this.#registry.getSingleMetric(name)) {
      this.remove();
      throw new BellwetherError("BW_METRICS_TAKEN", { metric: name });
    }
    this.#names.push(name);
    return { name, help, registers: [this.#registry] };
  }
}

/** Not below zero: a counter that is to go back throws. */
export function seconds(ms: number): number {
  return Math.max(ms, 0) / 1_000;
}
