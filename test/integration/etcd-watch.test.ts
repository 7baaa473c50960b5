import { getEventListeners } from "node:events";
import { afterEach, expect, vi } from "vitest";
import { EtcdClient } from "../../src/etcd/client.ts";
import { Events } from "../../src/events.ts";
import { FaultyLink } from "../support/faulty-link.ts";
import { test as it } from "../support/fixtures.ts";

afterEach(() => vi.unstubAllGlobals());

it("keeps no listener for each try of a watch while etcd is away", async () => {
  const signals: AbortSignal[] = [];
  vi.stubGlobal(
    "AbortController",
    class extends AbortController {
      constructor() {
        super();
        signals.push(this.signal);
      }
    },
  );
  const tries = { left: 8, over: Promise.withResolvers<void>() };
  const client = new EtcdClient({
    address: { hosts: ["http://127.0.0.1:1"], tls: null, credentials: null },
    // Read once for each try.
    get callLimitMs() {
      if (--tries.left === 0) tries.over.resolve();
      return 250;
    },
    events: new Events(),
  });
  signals.length = 0;
  const end = client.watch("/x/", () => undefined);
  const [watching] = signals;
  if (!watching) throw new Error("BUG: a watch without a signal");
  await tries.over.promise;
  expect(getEventListeners(watching, "abort").length).toBeLessThanOrEqual(1);
  end();
  client.close();
});

it.for([[["requests"] as const], [["replies"] as const], [["requests", "replies"] as const]])(
  "opens a watch again after its connection has fallen silent (%j) and a call found out",
  async ([directions], { etcd, defer }) => {
    const link = await FaultyLink.to(etcd.port);
    defer(() => link.stop());
    const client = new EtcdClient({
      address: { hosts: [`http://127.0.0.1:${link.port}`], tls: null, credentials: null },
      callLimitMs: 500,
      events: new Events(),
    });
    defer(() => client.close());
    const look = () => client.call((client, options) => client.get("/x/a").options(options).string());
    let stands = Promise.withResolvers<void>();
    defer(client.watch("/x/", () => stands.resolve()));
    await stands.promise;
    await look();

    stands = Promise.withResolvers();
    link.silence("", directions);
    await expect(look()).rejects.toThrow();
    await look();
    await stands.promise;
    stands = Promise.withResolvers();
    await etcd.ctl("put", "/x/a", "1");
    await stands.promise;
  },
);
