/** A Bellwether within the test's own process. */
import { Writable } from "node:stream";
import { pino } from "pino";
import { Bellwether, type BellwetherOptions, type EventMap, type EventName } from "../../src/index.ts";
import { test as base } from "./fixtures.ts";
import { namespace } from "./redis-server.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** A program's own logger, and what it wrote. */
export function ownLogger() {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).split("\n")) if (line !== "") lines.push(JSON.parse(line));
      done();
    },
  });
  return { logger: pino({ level: "debug", base: { app: "shop" } }, stream), lines };
}

/** Resolves with the first event of that name that matches, from now on. */
export function when<K extends EventName>(
  bellwether: Bellwether,
  name: K,
  matches: (fields: EventMap[K]) => boolean = () => true,
): Promise<EventMap[K]> {
  return new Promise(resolve => {
    const end = bellwether.events.subscribe((event, fields) => {
      if (event !== (name as string) || !matches(fields as unknown as EventMap[K])) return;
      end();
      resolve(fields as unknown as EventMap[K]);
    });
  });
}

export const test = base
  /** An object in place of a config folder: a namespace of its own on the file's Redis, and no listener. */
  .extend("config", ({ server }) => ({
    namespace: namespace(),
    redis: { url: server.url },
    http: false,
    election: { leaseTtl: "2s" },
    shutdownTimeout: "1s",
  }))
  /** Makes a Bellwether whose log goes nowhere, and stops it with the test. */
  .extend("embed", ({ config, defer }) => (options: BellwetherOptions): Bellwether => {
    const bellwether = new Bellwether({ config, logger: ownLogger().logger, ...options });
    defer(() => bellwether.stop());
    return bellwether;
  });
