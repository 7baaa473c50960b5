export type OrderStatus = "open" | "paid" | "closed";

/** Takes the place of the pool of a database: each process has orders of its own, and forgets them at its end. */
export class MemoryPool {
  readonly #orders = new Map<number, OrderStatus>();

  async insert(status: OrderStatus): Promise<number> {
    const id = this.#orders.size + 1;
    this.#orders.set(id, status);
    return id;
  }

  async count(status: OrderStatus): Promise<number> {
    return this.#withStatus(status).length;
  }

  /** Resolves with how many orders had the status. */
  async close(status: OrderStatus): Promise<number> {
    const ids = this.#withStatus(status);
    for (const id of ids) this.#orders.set(id, "closed");
    return ids.length;
  }

  #withStatus(status: OrderStatus): number[] {
    return [...this.#orders].filter(([, found]) => found === status).map(([id]) => id);
  }
}
