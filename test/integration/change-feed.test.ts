import type { Redis } from "ioredis";
import { describe, expect, vi } from "vitest";
import type { Change } from "../../src/changes/change.ts";
import { storedChange } from "../../src/changes/change.ts";
import { ChangeFeed } from "../../src/changes/change-feed.ts";
import type { ChangeStream, PlacedChange } from "../../src/changes/change-stream.ts";
import { Operator } from "../../src/operator/operator.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { test } from "../support/fixtures.ts";

const quarantined = (name: string): Change => ({ type: "job", data: { name, what: "quarantined" } });
const counts = (launched: number, ...jobs: string[]): Change => {
  const none = { completed: 0, failed: 0, skipped: 0, missed: 0, more: 0 };
  return { type: "counts", data: { at: "2026-11-23T07:00:00.000Z", ...none, launched, jobs } };
};

/** A feed as a replica has it, and what writes changes beside it. */
const it = test.extend("setup", ({ server, keys, connect, defer }) => async (url = server.url) => {
  const redis = await connect("plain");
  const connections: Redis[] = [];
  const feed = new ChangeFeed({
    read: read => read(redis),
    connect: () => {
      const reader = connectRedis({ kind: "url", url }, "plain", "feed");
      connections.push(reader);
      return reader;
    },
    keys,
  });
  defer(() => feed.stop());
  const write = async (...changes: readonly Change[]) => {
    const transaction = redis.multi();
    for (const change of changes) transaction.xadd(keys.changes, "*", ...storedChange(change));
    await transaction.exec();
  };
  /** A stream that has begun. */
  const open = async (lastEventId: string | null = null) => {
    const stream = feed.subscribe(lastEventId);
    return { stream, first: await next(stream) };
  };
  return { redis, feed, connections, write, open };
});

async function next(stream: ChangeStream): Promise<PlacedChange> {
  const { value } = await stream.next();
  if (value === undefined) throw new Error("the stream has ended");
  return value;
}

async function take(stream: ChangeStream, count: number): Promise<PlacedChange[]> {
  const changes: PlacedChange[] = [];
  for (let i = 0; i < count; i++) changes.push(await next(stream));
  return changes;
}

const dataOf = (changes: readonly PlacedChange[]) => changes.map(({ data }) => data);

describe("a stream of changes", () => {
  it("begins with that it is live, and has what is written from then on", async ({ setup }) => {
    const { write, open } = await setup();
    await write(quarantined("before"));
    const { stream, first } = await open();
    expect(first).toMatchObject({ type: "live", data: { live: true } });
    await write(quarantined("a"), quarantined("b"));
    expect(dataOf(await take(stream, 2))).toMatchObject([{ name: "a" }, { name: "b" }]);
  });

  it("is a frame of server-sent events on one line of data", async ({ setup }) => {
    const { write, open } = await setup();
    const { stream } = await open();
    await write({ type: "run", data: { job: "a", run: "a@x", error: "two\nlines\r\n" } });
    const { frame, id } = await next(stream);
    expect(frame).toBe(
      `id: ${id}\nevent: run\ndata: {"job":"a","run":"a@x","error":"two\\nlines\\r\\n"}\n\n`,
    );
  });

  it("has what operators do, and what that makes of a job", async ({ setup, keys }) => {
    const { redis, open } = await setup();
    const { stream } = await open();
    await new Operator({ redis, keys, by: "ann" }).pause({ name: "report" });
    expect(await take(stream, 2)).toMatchObject([
      { type: "audit", data: { action: "pause", job: "report", by: "ann" } },
      { type: "job", data: { name: "report", what: "paused", by: "ann" } },
    ]);
  });

  it("sums up counts that come together", async ({ setup }) => {
    const { write, open } = await setup();
    const { stream } = await open();
    await write(counts(2, "a"), quarantined("b"), counts(3, "c"));
    expect(await take(stream, 2)).toMatchObject([
      { type: "job" },
      { type: "counts", data: { launched: 5, jobs: ["a", "c"] } },
    ]);
  });

  it("reads for any number of streams over one connection", async ({ setup }) => {
    const { feed, write, open, connections } = await setup();
    const streams = await Promise.all(Array.from({ length: 200 }, () => open()));
    expect(feed.size).toBe(200);
    await write(quarantined("a"));
    const changes = await Promise.all(streams.map(({ stream }) => next(stream)));
    expect(new Set(changes.map(({ frame }) => frame)).size).toBe(1);
    expect(connections).toHaveLength(1);
  });

  it("goes on behind the change that the client has", async ({ setup }) => {
    const { write, open } = await setup();
    const { stream, first } = await open();
    await write(quarantined("a"));
    const a = await next(stream);
    await stream.return();
    await write(quarantined("b"));
    const again = await open(a.id);
    expect(dataOf(await take(again.stream, 1))).toMatchObject([{ name: "b" }]);
    const all = await open(first.id);
    expect(dataOf(await take(all.stream, 2))).toMatchObject([{ name: "a" }, { name: "b" }]);
    await write(quarantined("c"));
    for (const { stream } of [again, all]) expect(await next(stream)).toMatchObject({ data: { name: "c" } });
  });

  it("gives a client that broke off between two changes of one reading both again", async ({ setup }) => {
    const { write, open } = await setup();
    const { stream } = await open();
    await write(quarantined("a"), quarantined("b"));
    const a = await next(stream);
    const again = await open(a.id);
    expect(dataOf(await take(again.stream, 2))).toMatchObject([{ name: "a" }, { name: "b" }]);
  });

  it.for([
    ["an id that is none", "yesterday"],
    ["an id of other data", "9999999999999-0.0-0"],
  ])("begins with resync for %s", async ([, id = ""], { setup }) => {
    const { write, open } = await setup();
    await write(quarantined("a"));
    const { stream } = await open(id);
    expect(await next(stream)).toMatchObject({ type: "resync" });
  });

  it("begins with resync where changes were trimmed behind the client's last one", async ({
    setup,
    keys,
  }) => {
    const { redis, write, open } = await setup();
    const { first } = await open();
    await write(quarantined("a"), quarantined("b"), quarantined("c"));
    await redis.xtrim(keys.changes, "MAXLEN", 1);
    const { stream } = await open(first.id);
    expect(await next(stream)).toMatchObject({ type: "resync" });
  });

  it("begins with resync for a client that missed very many", async ({ setup }) => {
    const { write, open } = await setup();
    const { stream: other, first } = await open();
    await write(...Array.from({ length: 600 }, (_, i) => quarantined(`job-${i}`)));
    await take(other, 600);
    const { stream } = await open(first.id);
    expect(await next(stream)).toMatchObject({ type: "resync" });
  });

  it("passes over what another program or a later release wrote", async ({ setup, keys }) => {
    const { redis, write, open } = await setup();
    const { stream } = await open();
    await redis.xadd(keys.changes, "*", "job", "no json");
    await redis.xadd(keys.changes, "*", "__proto__", "{}");
    await redis.xadd(keys.changes, "*", "weather", '{"it":"rains"}');
    await redis.xadd(keys.changes, "*", "counts", '{"launched":"many"}');
    await write(quarantined("a"));
    expect(await next(stream)).toMatchObject({ data: { name: "a" } });
  });

  it("says that it is not live while Redis is away, and goes on without a loss", { timeout: 60_000 }, async ({
    link,
    setup,
  }) => {
    const { write, open } = await setup(link.url);
    const { stream } = await open();
    link.cut();
    expect(await next(stream)).toMatchObject({ type: "live", data: { live: false } });
    await write(quarantined("a"));
    link.mend();
    expect(await take(stream, 2)).toMatchObject([
      { type: "live", data: { live: true } },
      { data: { name: "a" } },
    ]);
  });

  it("gets resync when Redis comes back without its data", { timeout: 60_000 }, async ({ setup, link }) => {
    const { redis, write, open } = await setup(link.url);
    await write(quarantined("a"));
    const { stream } = await open();
    link.cut();
    expect(await next(stream)).toMatchObject({ type: "live", data: { live: false } });
    await redis.flushall();
    link.mend();
    expect(await take(stream, 2)).toMatchObject([{ type: "resync" }, { type: "live", data: { live: true } }]);
    await write(quarantined("b"));
    expect(await next(stream)).toMatchObject({ data: { name: "b" } });
  });

  it("ends for a reader that does not keep up, and costs the others nothing", async ({ setup }) => {
    const { feed, write, open } = await setup();
    const slow = await open();
    const quick = await open();
    const read = (async () => {
      let last: PlacedChange | null = null;
      for await (const change of quick.stream) {
        last = change;
        if ("name" in change.data && change.data.name === "last") break;
      }
      return last;
    })();
    for (let i = 0; i < 3; i++)
      await write(...Array.from({ length: 400 }, (_, k) => quarantined(`job-${k}`)));
    await write(quarantined("last"));
    expect(await read).toMatchObject({ data: { name: "last" } });
    expect(await slow.stream.next()).toEqual({ done: true, value: undefined });
    expect(feed.size).toBe(0);
  });

  it("ends when the feed stops, and none begins after that", async ({ setup }) => {
    const { feed, write, open } = await setup();
    const { stream } = await open();
    await write(quarantined("a"));
    expect(await next(stream)).toMatchObject({ data: { name: "a" } });
    await feed.stop();
    await feed.stop();
    expect(await stream.next()).toMatchObject({ done: true });
    expect(await feed.subscribe().next()).toMatchObject({ done: true });
  });

  it("reads nothing while there is no stream", async ({ setup }) => {
    const { redis, feed, write, open } = await setup();
    const { stream } = await open();
    await stream.return();
    await write(quarantined("a"));
    await vi.waitFor(async () => {
      const blocked = /blocked_clients:(\d+)/.exec(await redis.info("clients"))?.[1];
      expect(blocked).toBe("0");
    }, 10_000);
    expect(feed.size).toBe(0);
    const again = await open();
    await write(quarantined("b"));
    expect(await next(again.stream)).toMatchObject({ data: { name: "b" } });
  });
});
