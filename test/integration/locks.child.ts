/**
 * A process that takes locks, for what a test cannot do in its own process: being killed and frozen. Prints what
 * happens as lines of JSON.
 *
 *     count <config> <file> <times>      adds 1 to the number in the file, under the lock, so many times
 *     hold <config> <ttl> <resource>     holds the lock; writes to the resource when it is told to
 */
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { createLocks, type Lock } from "../../src/index.ts";
import { writeTo } from "../support/fenced-resource.ts";

const [, , mode, config = "", ...rest] = process.argv;
const locks = createLocks({ config: JSON.parse(config), id: `child-${process.pid}` });

if (mode === "count") {
  const [file = "", times = "0"] = rest;
  for (let i = 0; i < Number(times); i++) {
    await locks.lock("counter", { ttl: "10s", wait: "2m" }, () => increment(file));
  }
} else {
  const [ttl = "", resource = ""] = rest;
  await locks
    .lock("held", { ttl }, lock => hold(lock, resource))
    .catch(error => print("failed", { error: String(error) }));
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
  lock.signal.addEventListener("abort", () => print("aborted", {}));
  // Last: the reader may freeze this process immediately, and a signal that has aborted already calls no listener.
  print("acquired", { fence: lock.fence });
  process.on("message", async () => {
    print("written", { isAccepted: await writeTo(resource, lock.fence, "child") });
  });
  return new Promise(resolve => process.on("disconnect", resolve));
}

function print(name: string, fields: object): void {
  writeSync(1, `${JSON.stringify({ name, ...fields })}\n`);
}
