import { expect } from "vitest";
import { z } from "zod";
import { defineJob } from "../../src/index.ts";
import { test, when } from "../support/embedded.ts";

test("runs a job in code, with the data that its schema returns and the program's context", async ({
  embed,
}) => {
  const calls: unknown[] = [];
  const bellwether = embed({
    jobs: {
      report: defineJob({
        every: "1s",
        schema: z.object({ format: z.string(), copies: z.number().default(2) }),
        data: { format: "csv" },
        run: (data, run) => void calls.push([data, run.job, run.context]),
      }),
    },
    context: { db: "pool" },
  });
  const completed = when(bellwether, "run.completed");
  await bellwether.start();
  expect(await completed).toMatchObject({ job: "report", attempt: 1 });
  expect(calls[0]).toEqual([{ format: "csv", copies: 2 }, "report", { db: "pool" }]);
  expect(bellwether.health()).toEqual({ isAlive: true, isReady: true, problems: [] });
  expect(await bellwether.stop()).toBe(true);
});
