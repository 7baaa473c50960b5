import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { defineHandler } from "bellwether";

/** Puts the samples aside under the tick's name and keeps the last few of such files. */
export default defineHandler<{ keep?: number }>(async ({ keep = 5 }, run) => {
  const rotated = `data/samples-${run.tick.toISOString().replaceAll(":", "")}.csv`;
  // A second attempt finds the file of the first one, and must not replace it by the samples written since.
  if (existsSync("data/samples.csv") && !existsSync(rotated)) await rename("data/samples.csv", rotated);

  const files = (await readdir("data").catch(() => [])).filter(file => /^samples-.*\.csv$/.test(file)).sort();
  const old = files.slice(0, -keep);
  for (const file of old) await rm(`data/${file}`, { force: true });
  return { rotated, removed: old.length };
});
