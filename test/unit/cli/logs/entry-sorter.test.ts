import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it, vi } from "vitest";
import { CliFailure } from "../../../../src/cli/io.ts";
import { EntrySorter } from "../../../../src/cli/logs/entry-sorter.ts";
import type { LogEntry } from "../../../../src/cli/logs/log-entry.ts";
import { listOf } from "./lines.ts";

function entry(atMs: number | null, text: string, rank = 0): LogEntry {
  return { atMs, rank, source: "a", isRecord: false, text };
}

async function sorted(entries: readonly LogEntry[], limitBytes?: number): Promise<LogEntry[]> {
  const sorter = new EntrySorter(limitBytes === undefined ? {} : { limitBytes });
  try {
    for (const one of entries) await sorter.add(one);
    return await listOf(sorter.sorted());
  } finally {
    await sorter.close();
  }
}

describe.each([
  ["in memory", undefined],
  ["in a file", 1_000],
])("sorts %s", (_title, limitBytes) => {
  it("by time and by the order in a handoff, and keeps the order of reading otherwise", async () => {
    const entries = [entry(3, "c"), entry(1, "b2", 2), entry(1, "b1", 1), entry(null, "a"), entry(3, "d")];
    const texts = (await sorted(entries, limitBytes)).map(({ text }) => text);
    expect(texts).toEqual(["a", "b1", "b2", "c", "d"]);
  });

  it("thousands of lines of several replicas, one replica after the other", async () => {
    const entries = Array.from({ length: 5_000 }, (_, index) =>
      entry(index % 1_000, `${index} \u2028"\\\u001b[31mé🎉${"x".repeat(index % 50)}`),
    );
    const actual = await sorted(entries, limitBytes && 50_000);
    expect(actual).toEqual(entries.toSorted((a, b) => Number(a.atMs) - Number(b.atMs)));
  });
});

it("leaves no file behind, not even while it sorts", async () => {
  const sorter = new EntrySorter({ limitBytes: 1 });
  const before = readdirSync(tmpdir()).filter(name => name.startsWith("bellwether-logs-"));
  await sorter.add(entry(2, "b"));
  await sorter.add(entry(1, "a"));
  const after = readdirSync(tmpdir()).filter(name => name.startsWith("bellwether-logs-"));
  expect(after.filter(name => !before.includes(name))).toEqual([]);
  expect((await listOf(sorter.sorted())).map(({ text }) => text)).toEqual(["a", "b"]);
  await sorter.close();
});

it("says which folder takes no temporary file, and how to name another one", async ({ onTestFinished }) => {
  vi.stubEnv("TMPDIR", "/nonexistent");
  onTestFinished(() => void vi.unstubAllEnvs());
  const sorter = new EntrySorter({ limitBytes: 1 });
  await expect(sorter.add(entry(1, "a"))).rejects.toThrow(
    /^large logs are sorted in a temporary file in \/nonexistent: ENOENT: .*TMPDIR names another folder$/,
  );
  await expect(sorter.add(entry(1, "a"))).rejects.toBeInstanceOf(CliFailure);
  await sorter.close();
});
