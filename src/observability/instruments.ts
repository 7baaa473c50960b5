import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Makes metrics in one registry. Names begin with `bellwether_`, times are seconds. */
export class Instruments {
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  counter<L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name: `bellwether_${name}`, help, labelNames, registers: this.#registers });
  }

  gauge<L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> {
    return new Gauge({ name: `bellwether_${name}`, help, labelNames, registers: this.#registers });
  }

  /** A gauge that is read when it is asked for. */
  reading<L extends string = never>(
    name: string,
    help: string,
    read: (gauge: Gauge<L>) => void | Promise<void>,
    ...labelNames: L[]
  ): void {
    new Gauge({
      name: `bellwether_${name}`,
      help,
      labelNames,
      registers: this.#registers,
      collect() {
        return read(this);
      },
    });
  }

  /** A counter that is kept elsewhere, and read when it is asked for. */
  count(name: string, help: string, read: () => number): void {
    new Counter({
      name: `bellwether_${name}`,
      help,
      registers: this.#registers,
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
    return new Histogram({
      name: `bellwether_${name}`,
      help,
      labelNames,
      buckets,
      registers: this.#registers,
    });
  }
}

/** Not below zero: a counter that is to go back throws. */
export function seconds(ms: number): number {
  return Math.max(ms, 0) / 1_000;
}
