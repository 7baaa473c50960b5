import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect } from "vitest";
import { FaultyLink, type TripPoint } from "../support/faulty-link.ts";
import { test } from "../support/fixtures.ts";

/** Collects what arrives and lets a test wait for it. */
class Inbox {
  text = "";
  #waiting: (() => void)[] = [];

  take(chunk: Buffer): void {
    this.text += chunk;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }
}

/** A server that answers each chunk with itself in capitals, and a way to it. */
const it = test.extend("setup", ({ defer }) => async () => {
  const received = new Inbox();
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", chunk => {
      received.take(chunk);
      socket.write(chunk.toString().toUpperCase());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const link = await FaultyLink.to((server.address() as AddressInfo).port);
  defer(() => link.stop());
  const join = () => {
    const socket = connect(link.port, "127.0.0.1");
    const answers = new Inbox();
    socket.on("error", () => undefined);
    socket.on("data", chunk => answers.take(chunk));
    defer(() => socket.destroy());
    return { socket, answers };
  };
  return { link, received, join };
});

/** Also when the connection is reset. */
function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.once("close", () => resolve()));
}

it("passes everything on while no fault is switched on", async ({ setup }) => {
  const { join } = await setup();
  const { socket, answers } = join();
  socket.write("hello");
  await answers.until("HELLO");
});

it("refuses connections while it is cut", async ({ setup }) => {
  const { link, join } = await setup();
  const { socket, answers: first } = join();
  socket.write("once");
  await first.until("ONCE");
  link.cut();
  await closed(socket);
  const { socket: refused } = join();
  await closed(refused);
  link.mend();
  const { socket: accepted, answers } = join();
  accepted.write("again");
  await answers.until("AGAIN");
});

it("holds up replies only, and delivers them later", async ({ setup }) => {
  const { link, join, received } = await setup();
  const { socket, answers } = join();
  link.hold(["replies"]);
  socket.write("work");
  await received.until("work");
  link.release("deliver");
  await answers.until("WORK");
});

it("delivers held requests of a client that has gone", async ({ setup }) => {
  const { link, join, received } = await setup();
  const { socket, answers } = join();
  socket.write("hello");
  await answers.until("HELLO");
  link.hold(["requests"]);
  socket.end("last words");
  await closed(socket);
  expect(received.text).toBe("hello");
  link.release("deliver");
  await received.until("last words");
});

it.for<[TripPoint, string]>([
  ["before", ""],
  ["within", "laun"],
  ["after", "launch 1"],
  ["late", "launch 1"],
])("breaks the connection %s the request that it waits for", async ([at, arrives], { setup }) => {
  const { link, join, received } = await setup();
  const { socket, answers } = join();
  const tripped = Promise.withResolvers<void>();
  link.armTrip(at, "launch", () => tripped.resolve());
  socket.write("launch 1");
  await tripped.promise;
  await closed(socket);
  await received.until(arrives);
  expect(received.text).toBe(arrives);
  expect(answers.text).toBe("");
  // Armed once: the next one gets through.
  const { socket: next, answers: nextAnswers } = join();
  next.write("launch 2");
  await nextAnswers.until("LAUNCH 2");
});
