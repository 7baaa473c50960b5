import { Queue } from "bullmq";
import { fastify } from "fastify";
import { expect } from "vitest";
import { addQueueBoard } from "../../src/admin/queue-board.ts";
import type { QueuePlace } from "../../src/launch/queue-place.ts";
import { test } from "../support/fixtures.ts";

const place = (name: string, prefix: string): QueuePlace => ({
  name,
  prefix,
  runPrefix: "",
  isShared: false,
});

test("shows the queues of the configuration as it is now, and changes nothing in them", async ({
  connect,
  keys,
  defer,
}) => {
  const redis = await connect("plain");
  const queue = new Queue("mail", { connection: redis, prefix: keys.bullmqPrefix, skipVersionCheck: true });
  defer(() => queue.close());
  const job = await queue.add("send", { to: "a" });
  const server = fastify();
  const places = [place("mail", keys.bullmqPrefix)];
  await server.register(
    scope => addQueueBoard(scope, { basePath: "/ops", places: () => places, redis: async () => redis }),
    { prefix: "/ops" },
  );
  defer(() => server.close());

  const names = async () => {
    const { queues } = (await server.inject("/ops/queues/api/queues")).json();
    return queues.map((one: { name: string }) => one.name);
  };
  expect(await names()).toEqual(["mail"]);
  places.push(place("reports", keys.bullmqPrefix));
  expect(await names()).toEqual(["mail", "reports"]);

  const removed = await server.inject({ method: "PUT", url: `/ops/queues/api/queues/mail/${job.id}/clean` });
  expect(removed.statusCode).toBe(405);
  expect(await queue.getJob(String(job.id))).toBeDefined();
});

test("has a policy of its own, which lets nothing in from elsewhere", async ({ connect, keys, defer }) => {
  const server = fastify();
  const redis = await connect("plain");
  await addQueueBoard(server, {
    basePath: "",
    places: () => [place("mail", keys.bullmqPrefix)],
    redis: async () => redis,
  });
  defer(() => server.close());
  const answer = await server.inject("/queues");
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toContain('href="/queues');
  expect(answer.body).not.toContain("https:");
  const policy = String(answer.headers["content-security-policy"]);
  expect(policy).toContain("default-src 'none'; script-src 'self'; ");
  expect(policy).not.toContain("http");
});
