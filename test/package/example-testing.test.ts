/** examples/testing with the packed tarball: `bellwether/testing` as the tests of a project use it. */
import path from "node:path";
import { expect, inject, test } from "vitest";
import { installExample } from "./examples.ts";
import { runWith } from "./run-with.ts";

test("a project tests a handler alone, and its job in a replica, with node:test", async () => {
  const example = await installExample("testing", inject("packed").folder);
  const { code, stdout } = await runWith(path.dirname(process.execPath), example, "npm", "test");
  expect(stdout).toMatch(/\btests 4\n.*\bpass 4\n/s);
  expect(code).toBe(0);
});
