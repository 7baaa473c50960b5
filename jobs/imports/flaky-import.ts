import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { defineHandler, ExpectedFailure } from "bellwether";

/** Counts the samples, from a source that does not answer one first attempt in three: watch the retry in the log. */
export default defineHandler(async (_data, run) => {
  const isUnlucky = (createHash("sha256").update(run.id).digest()[0] ?? 0) % 3 === 0;
  if (isUnlucky && run.attempt === 1)
    throw new ExpectedFailure("the source did not answer; the next attempt will do better");

  const text = await readFile("data/samples.csv", { encoding: "utf8", signal: run.signal }).catch(error => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = Math.max(0, text.split("\n").length - 2);
  run.log.info({ lines }, "imported the samples");
  return { lines };
});
