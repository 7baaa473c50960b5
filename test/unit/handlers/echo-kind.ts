import { z } from "zod";
import type { HandlerKind } from "../../../src/handlers/handler-kind.ts";

interface EchoRef {
  readonly kind: "echo";
  readonly word: string;
  readonly secret: string | null;
}

const echo = z.strictObject(
  {
    word: z.string({ error: "expected a word" }),
    secret: z.string({ error: "expected a secret" }).optional(),
  },
  { error: "expected a word to echo" },
);

/** Returns a word: the smallest kind that needs every part of the contract. */
export const echoKind = {
  key: "echo",
  schema: echo.transform(({ word, secret = null }): EchoRef => ({ kind: "echo", word, secret })),
  description: "Instead of handler: a word that comes back.",
  switchedOff: "an echo",
  secrets: ["secret"],
  names: [[], ["word"]],
  describe: ({ word }) => `echo ${word}`,
  load: async ({ word }) =>
    word === "" ? { problem: "there is no word to echo" } : { handler: { handle: async () => word } },
} as const satisfies HandlerKind<EchoRef>;
