import { setTimeout as sleep } from "node:timers/promises";
import { defineHandler } from "bellwether";

export default defineHandler(async (_data, run) => {
  await sleep(Math.random() * 15_000, undefined, { signal: run.signal });
});
