import { expect, it } from "vitest";
import type { EventStreamOptions, StreamedEvent } from "../../src/event-stream.ts";
import { Events } from "../../src/events.ts";

function setup(options?: EventStreamOptions) {
  const events = new Events();
  const stream = events.stream(options);
  const emit = (...skews: readonly number[]) => {
    for (const skewMs of skews) events.emit("clock.skewed", { skewMs });
  };
  return { events, stream, emit };
}

const skewed = (skewMs: number) => ({ name: "clock.skewed", skewMs });

async function readAll(stream: AsyncIterable<StreamedEvent>): Promise<StreamedEvent[]> {
  const read: StreamedEvent[] = [];
  for await (const event of stream) read.push(event);
  return read;
}

it("reads every event from its beginning on, in order, until the replica has stopped", async () => {
  const { events, stream, emit } = setup();
  emit(1, 2);
  const read = readAll(stream);
  emit(3);
  events.endStreams();
  emit(4);
  expect(await read).toEqual([1, 2, 3].map(skewed));
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

it("ends immediately when the replica has stopped before", async () => {
  const { events } = setup();
  events.endStreams();
  expect(await readAll(events)).toEqual([]);
});

it("says how many events it dropped, in their place, and keeps the newest", async () => {
  const { events, stream, emit } = setup({ bufferLimit: 2 });
  emit(1, 2, 3, 4, 5);
  expect((await stream.next()).value).toEqual({ name: "events.dropped", dropped: 3 });
  expect((await stream.next()).value).toEqual(skewed(4));
  emit(6);
  events.endStreams();
  expect(await readAll(stream)).toEqual([5, 6].map(skewed));
});

it("keeps a thousand events by default", async () => {
  const { events, stream, emit } = setup();
  emit(...Array(1_001).keys());
  events.endStreams();
  const read = await readAll(stream);
  expect(read).toHaveLength(1_001);
  expect(read.slice(0, 2)).toEqual([{ name: "events.dropped", dropped: 1 }, skewed(1)]);
});

it("ends at its signal, which also ends a loop that waits", async () => {
  const end = new AbortController();
  const { stream, emit } = setup({ signal: end.signal });
  const waiting = readAll(stream);
  emit(1);
  end.abort();
  emit(2);
  expect(await waiting).toEqual([skewed(1)]);
  expect(await readAll(setup({ signal: AbortSignal.abort() }).stream)).toEqual([]);
});

it("ends when the loop is left, and lets a later loop begin anew", async () => {
  const { events, emit } = setup();
  for (const round of [1, 2]) {
    const loop = events[Symbol.asyncIterator]();
    emit(round, 9);
    const read: StreamedEvent[] = [];
    for await (const event of { [Symbol.asyncIterator]: () => loop }) {
      read.push(event);
      break;
    }
    expect(read).toEqual([skewed(round)]);
    expect((await loop.next()).done).toBe(true);
  }
});

it("serves several readers of one loop in the order of their calls", async () => {
  const { stream, emit } = setup();
  const [first, second] = [stream.next(), stream.next()];
  emit(1, 2);
  expect([(await first).value, (await second).value]).toEqual([1, 2].map(skewed));
});
