import { getEventListeners } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { EtcdClient } from "../../src/etcd/client.ts";
import { Events } from "../../src/events.ts";

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
