import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Target } from "./target.ts";

/** What the process of the clients gets. */
export interface ClientOrder {
  readonly kind: "browsers" | "slow";
  readonly count: number;
  readonly http: string;
  readonly admin: string;
  readonly views: readonly string[];
}

export interface Clients {
  close(): Promise<void>;
}

/** Starts clients in a process of their own, at the lowest priority. Resolves when all of them are there. */
export async function startClients(
  kind: ClientOrder["kind"],
  count: number,
  { http, admin }: Target,
  views: readonly string[],
): Promise<Clients> {
  const child = fork(path.join(import.meta.dirname, "client-process.ts"));
  const exited = once(child, "exit");
  child.send({ kind, count, http, admin, views } satisfies ClientOrder);
  const ready = once(child, "message");
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`the clients ended with exit code ${code}`);
    }),
  ]);
  return {
    close: async () => {
      child.send("close");
      await exited;
    },
  };
}
