import { expect, it } from "vitest";
import { collectGarbageOfLoad } from "../../../src/cli/start-memory.ts";

const MIB = 1024 * 1024;

it("returns what a load has used, and leaves no way to collect garbage to handlers", () => {
  const use = () => process.memoryUsage().heapTotal;
  const load = () => {
    const jobs = Array.from({ length: 2_000_000 }, (_, id) => ({ id, data: { customer: id } }));
    return [jobs.length, use()] as const;
  };
  const [, loaded] = load();
  expect(loaded).toBeGreaterThan(180 * MIB);
  collectGarbageOfLoad();
  expect(use()).toBeLessThan(loaded - 100 * MIB);
  expect(globalThis).not.toHaveProperty("gc");
});
