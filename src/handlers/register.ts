/**
 * The program's own types, which it declares once. Handlers in all files then have them, without a cast:
 *
 *     declare module "bellwether" {
 *       interface Register { context: { db: Pool; mailer: Mailer } }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs add to it
export interface Register {}

/** The type of `run.context`: `unknown` until the program has declared it. */
export type Context = Register extends { readonly context: infer C } ? C : unknown;
