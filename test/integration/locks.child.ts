/**
 * A process that takes locks, for what a test cannot do in its own process: being killed and frozen. Prints what
 * happens as lines of JSON.
 *
 *     count <url> <namespace> <file> <times>      adds 1 to the number in the file, under the lock, so many times
 *     hold <url> <namespace> <ttl> <resource>     holds the lock; writes to the resource when it is told to
 */
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { createLocks, type Lock } from "../../src/index.ts";
import { writeTo } from "../support/fenced-resource.ts";

const [, , mode, url = "", namespace = "", ...rest] = process.argv;
const locks = createLocks({ config: { namespace, redis: { kind: "url", url } }, id: `child-${process.pid}` });

if (mode === "count") {
  const [file = "", times = "0"] = rest;
  for (let i = 0; i < Number(times); i++) {
    await locks.lock("counter", { ttl: "10s", wait: "2m" }, () => increment(file));
  }
} else {
  const [ttl = "", resource = ""] = rest;
  await locks.lock("held", { ttl }, lock => hold(lock, resource)).catch(() => undefined);
}
await locks.stop();
print("done", {});

async function increment(file: string): Promise<void> {
  const count = Number(readFileSync(file, "utf8"));
  await turn();
  writeFileSync(file, String(count + 1));
}

/** Until the parent goes away. */
function hold(lock: Lock, resource: string): Promise<void> {
  print("acquired", { fence: lock.fence });
  lock.signal.addEventListener("abort", () => print("aborted", {}));
  process.on("message", async () => {
    print("written", { isAccepted: await writeTo(resource, lock.fence, "child") });
  });
  return new Promise(resolve => process.on("disconnect", resolve));
}

function print(name: string, fields: object): void {
  writeSync(1, `${JSON.stringify({ name, ...fields })}\n`);
}
