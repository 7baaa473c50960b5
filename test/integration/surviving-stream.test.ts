import { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { SurvivingStream } from "../chaos/surviving-stream.ts";
import { test } from "../support/fixtures.ts";

const KEY = "events";

/** Two databases, as the primary before a failover and the one after it. */
const it = test.extend("primaries", ({ server, onTestFinished }) => async () => {
  const [before, after] = [new Redis(server.url, { db: 0 }), new Redis(server.url, { db: 1 })];
  onTestFinished(() => [before, after].forEach(one => void one.disconnect()));
  await before.flushall();
  const add = (on: typeof before, ...atMs: number[]) =>
    Promise.all(atMs.map(ms => on.xadd(KEY, `${ms}-1`, "run", String(ms))));
  const stream = new SurvivingStream(KEY);
  return { before, after, add, stream, times: (list: SurvivingStream["entries"]) => list.map(timeOf) };
});

function timeOf({ fields }: SurvivingStream["entries"][number]): number {
  return Number(fields["run"]);
}

describe("what survived of a stream", () => {
  it("is without what the next primary lacks", async ({ primaries }) => {
    const { before, after, add, stream, times } = await primaries();
    await add(before, 10, 20, 30);
    await add(after, 10, 40);
    await stream.readOn(before);
    await stream.readAgain(after);
    expect(times(stream.entries)).toEqual([10, 40]);
    expect(times(stream.vanished)).toEqual([20, 30]);
  });

  it("includes what was trimmed since it was read", async ({ primaries }) => {
    const { before, after, add, stream, times } = await primaries();
    await add(before, 10, 20);
    await add(after, 20, 30);
    await stream.readOn(before);
    await stream.readAgain(after);
    expect(times(stream.entries)).toEqual([10, 20, 30]);
    expect(stream.vanished).toEqual([]);
  });

  it("notices what was trimmed before it was read", async ({ primaries }) => {
    const { before, add, stream } = await primaries();
    await add(before, 10, 20);
    await stream.readOn(before);
    await add(before, 30);
    await before.xtrim(KEY, "MAXLEN", 2);
    await stream.readOn(before);
    expect(stream.gaps).toBe(0);
    await add(before, 40, 50, 60);
    await before.xtrim(KEY, "MAXLEN", 2);
    await stream.readOn(before);
    expect(stream.gaps).toBe(1);
  });

  it("includes what was deleted, and is without what was written after that and lost", async ({
    primaries,
  }) => {
    const { before, after, add, stream, times } = await primaries();
    await add(before, 10, 20);
    await stream.readOn(before);
    await before.del(KEY);
    stream.noteDeletion();
    await add(before, 30);
    await stream.readOn(before);
    await stream.readAgain(after);
    expect(times(stream.entries)).toEqual([10, 20]);
    expect(times(stream.vanished)).toEqual([30]);
    await add(after, 40);
    await stream.readAgain(after);
    expect(times(stream.entries)).toEqual([10, 20, 40]);
  });

  it("includes what was read while the stream was about to be deleted", async ({ primaries }) => {
    const { before, after, add, stream, times } = await primaries();
    await add(before, 10);
    await stream.readOn(before);
    stream.noteDeletion();
    await stream.readAgain(after);
    expect(times(stream.entries)).toEqual([10]);
    expect(stream.vanished).toEqual([]);
  });

  it("includes what was written after a deletion while the clock stood behind", async ({ primaries }) => {
    const { before, add, stream, times } = await primaries();
    await add(before, 100);
    await stream.readOn(before);
    await before.del(KEY);
    stream.noteDeletion();
    await add(before, 60);
    await stream.readOn(before);
    await stream.readOn(before);
    await stream.readAgain(before);
    expect(times(stream.entries)).toEqual([100, 60]);
    expect(stream.vanished).toEqual([]);
  });
});
