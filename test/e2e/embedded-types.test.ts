/** What the compiler sees of an embedding program: contexts and data reach handlers without a cast. */
import { expect, test } from "vitest";
import type { DocBlock } from "../support/doc-blocks.ts";
import { cleaningUp } from "../support/snippet-scope.ts";
import { typeProblems } from "../support/snippet-types.ts";

const REGISTERED = `
import { expectTypeOf } from "expect-type";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { Bellwether, defineHandler, defineJob, type Run } from "bellwether";

declare module "bellwether" {
  interface Register { context: { db: { query(sql: string): Promise<number> } } }
}
const db = { query: async (sql: string) => sql.length };

export const inFile = defineHandler(async (data: { format: string }, run) => {
  expectTypeOf(data.format).toEqualTypeOf<string>();
  expectTypeOf(await run.context.db.query("select 1")).toEqualTypeOf<number>();
});
export const checked = defineHandler({
  schema: z.object({ format: z.enum(["csv", "pdf"]), copies: z.coerce.number().default(1) }),
  run: async (data, run) => {
    expectTypeOf(data).toEqualTypeOf<{ format: "csv" | "pdf"; copies: number }>();
    expectTypeOf(run).toEqualTypeOf<Run>();
  },
});
new Bellwether({
  context: { db },
  jobs: {
    zod: defineJob({
      cron: "0 2 * * *",
      schema: z.object({ format: z.string(), copies: z.number().default(1) }),
      data: { format: "csv" },
      run: async (data, { context }) => {
        expectTypeOf(data).toEqualTypeOf<{ format: string; copies: number }>();
        expectTypeOf(await context.db.query("select 1")).toEqualTypeOf<number>();
      },
    }),
    valibot: defineJob({
      every: "5s",
      schema: v.object({ format: v.string() }),
      run: data => expectTypeOf(data).toEqualTypeOf<{ format: string }>(),
    }),
    arktype: defineJob({
      every: "5s",
      schema: type({ format: "string" }),
      run: data => expectTypeOf(data).toEqualTypeOf<{ format: string }>(),
    }),
    plain: defineJob({ at: new Date(), data: { copies: 2 }, run: data => expectTypeOf(data.copies).toEqualTypeOf<number>() }),
    inline: {
      every: "5s",
      run: async (data, run) => {
        expectTypeOf(data).toEqualTypeOf<Record<string, unknown>>();
        expectTypeOf(await run.context.db.query("select 1")).toEqualTypeOf<number>();
      },
    },
    told: { every: "5s", data: { format: "csv" }, run: async (data: { format: string }) => data.format },
  },
});
// @ts-expect-error the program has said that there is a context
new Bellwether({ config: "./config" });
// @ts-expect-error of another type
new Bellwether({ context: { db: 5 } });
// @ts-expect-error the data does not fit the schema
defineJob({ every: "5s", schema: z.object({ format: z.string() }), data: { format: 5 }, run: () => undefined });
`;

const UNREGISTERED = `
import { expectTypeOf } from "expect-type";
import { Bellwether, defineHandler } from "bellwether";
import { pino } from "pino";
import { Redis } from "ioredis";
import { Registry } from "prom-client";

export default defineHandler(async (_data, run) => expectTypeOf(run.context).toEqualTypeOf<unknown>());
new Bellwether();
new Bellwether({
  logger: pino(),
  registry: new Registry(),
  connection: options => new Redis({ host: "127.0.0.1", ...options }),
});
new Bellwether({ connection: { host: "127.0.0.1", tls: {} }, roles: ["worker"], context: { db: 1 } });
// @ts-expect-error no such option
new Bellwether({ konfig: {} });
`;

test.each([
  ["that declares its context", REGISTERED],
  ["that declares nothing", UNREGISTERED],
])("a program %s needs no cast", (_name, text) =>
  cleaningUp(async () => {
    const block: DocBlock = { name: "program", language: "ts", text, line: 1 };
    expect(await typeProblems([block])).toEqual([]);
  }),
);
