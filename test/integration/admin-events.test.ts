import { once } from "node:events";
import { connect as connectTo, type Socket } from "node:net";
import { describe, expect, vi } from "vitest";
import { storedChange } from "../../src/changes/change.ts";
import { TOKENS, test } from "../support/admin.ts";

interface Opened {
  readonly response: Response;
  /** The next event: its type and data. */
  readonly next: () => Promise<{ type: string; data: Record<string, unknown>; id: string }>;
  /** Resolves when the server has ended the stream. */
  readonly ended: () => Promise<void>;
}

async function open(origin: string, headers: Record<string, string> = {}): Promise<Opened> {
  const response = await fetch(`${origin}/api/v1/events`, {
    headers: { authorization: `Bearer ${TOKENS.viewer}`, ...headers },
  });
  if (!response.body) throw new Error("no body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const frame = async (): Promise<string | null> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        if (found.includes("data: ")) return found;
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  return {
    response,
    next: async () => {
      const found = await frame();
      if (found === null) throw new Error("the stream has ended");
      const of = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(found)?.[1] ?? "";
      return { type: of("event"), data: JSON.parse(of("data")), id: of("id") };
    },
    ended: async () => {
      while ((await frame()) !== null);
    },
  };
}

const paused = (name: string) => storedChange({ type: "job", data: { name, what: "quarantined" } });

describe("GET /events", () => {
  test("streams what changes, and goes on behind Last-Event-ID", async ({ serve, keys, connect }) => {
    const { origin, call } = await serve();
    const redis = await connect("plain");
    const first = await open(origin);
    expect(first.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(first.response.headers.get("cache-control")).toBe("no-store");
    expect(await first.next()).toMatchObject({ type: "live", data: { live: true } });
    await call("/jobs/report/pause", { as: "operator", body: {} });
    const audit = await first.next();
    expect(audit).toMatchObject({ type: "audit", data: { action: "pause", by: "olga@127.0.0.1" } });
    expect(await first.next()).toMatchObject({ type: "job", data: { name: "report", what: "paused" } });
    await redis.xadd(keys.changes, "*", ...paused("b"));
    const { id } = await first.next();
    await redis.xadd(keys.changes, "*", ...paused("c"));
    const again = await open(origin, { "last-event-id": id });
    expect([(await again.next()).type, (await again.next()).data]).toMatchObject(["live", { name: "c" }]);
    const lost = await open(origin, { "last-event-id": "1-0" });
    expect([(await lost.next()).type, (await lost.next()).type]).toEqual(["live", "resync"]);
  });

  test("needs a token, and ends with the session that it was opened with", { timeout: 60_000 }, async ({
    serve,
  }) => {
    const { origin, call } = await serve();
    const refused = await fetch(`${origin}/api/v1/events`);
    expect(refused.status).toBe(401);
    const { cookie = "", body } = await call("/session", { body: { token: TOKENS.viewer } });
    const stream = await open(origin, { authorization: "Bearer wrong", cookie }).catch(() => null);
    // A token counts before the cookie, also a wrong one.
    expect(stream?.response.status).toBe(401);
    const response = await fetch(`${origin}/api/v1/events`, { headers: { cookie } });
    expect(response.status).toBe(200);
    const out = { method: "DELETE", headers: { cookie, "x-csrf-token": body.csrf } };
    expect((await call("/session", out)).status).toBe(204);
    await response.text();
  });

  test("ends its streams when the replica stops", async ({ serve }) => {
    const { origin, stop } = await serve();
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(origin)));
    for (const { next } of streams) expect(await next()).toMatchObject({ type: "live" });
    await Promise.all([stop(), ...streams.map(({ ended }) => ended())]);
  });

  test("serves others while 200 clients read nothing", { timeout: 60_000 }, async ({
    serve,
    keys,
    connect,
    defer,
  }) => {
    const { origin, call } = await serve();
    const redis = await connect("plain");
    const { port, hostname } = new URL(origin);
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connectTo(Number(port), hostname);
        socket.on("error", () => undefined);
        defer(() => socket.destroy());
        await once(socket, "connect");
        socket.write(
          `GET /api/v1/events HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${TOKENS.viewer}\r\n\r\n`,
        );
        await new Promise(resolve => socket.once("data", resolve));
        return socket.pause();
      }),
    );
    const reader = await open(origin);
    expect(await reader.next()).toMatchObject({ type: "live" });
    const long = "x".repeat(5_000);
    for (let i = 0; i < 4; i++) {
      const transaction = redis.multi();
      for (let k = 0; k < 300; k++) transaction.xadd(keys.changes, "*", ...paused(`${long}${k}`));
      await transaction.exec();
      for (let k = 0; k < 300; k++) await reader.next();
    }
    expect((await call("/status", { as: "viewer" })).status).toBe(200);
    // Each has fallen behind by more than its buffer, and is given up.
    await vi.waitFor(() => expect(sockets.filter(isOpen)).toEqual([]), { timeout: 45_000, interval: 500 });
  });
});

/** A paused socket hears of its end when it is written to. */
function isOpen(socket: Socket): boolean {
  if (!socket.destroyed) socket.write("\r\n");
  return !socket.destroyed;
}
