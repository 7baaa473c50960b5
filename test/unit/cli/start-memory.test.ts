import { expect, it, vi } from "vitest";
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

it("keeps the heap from growing by what is used briefly while the term is opened", () => {
  vi.useFakeTimers();
  try {
    const load = Array.from({ length: 2_000_000 }, (_, id) => ({ id }));
    collectGarbageOfLoad();
    const before = process.memoryUsage().heapTotal;
    for (let page = 0; page < 200; page++) {
      const replies = Array.from({ length: 20_000 }, (_, id) => ({ id, page }));
      expect(replies).toHaveLength(20_000);
    }
    expect(process.memoryUsage().heapTotal).toBeLessThan(before + 60 * MIB);
    expect(load).toHaveLength(2_000_000);
  } finally {
    vi.runAllTimers();
    vi.useRealTimers();
  }
});
