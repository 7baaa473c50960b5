import type { MemoryPool } from "./memory-pool.ts";

/** The type of `run.context` in every handler of this program. */
declare module "bellwether" {
  interface Register {
    context: { readonly db: MemoryPool };
  }
}
