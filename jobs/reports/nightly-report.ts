import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { defineHandler } from "bellwether";

/** Writes the load of each day into data/report-<day>.csv, from all the samples that are left. */
export default defineHandler(async (_data, run) => {
  await mkdir("data", { recursive: true });
  const loads = Map.groupBy(await readSamples(run.signal), sample => sample.time.slice(0, 10));
  await run.progress(50);

  const lines = ["day,samples,averageLoad,highestLoad"];
  for (const [day, samples] of [...loads].sort()) {
    const values = samples.map(sample => sample.load);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    lines.push(`${day},${values.length},${average.toFixed(2)},${Math.max(...values).toFixed(2)}`);
  }
  const report = `data/report-${run.tick.toISOString().slice(0, 10)}.csv`;
  // Written aside and moved: no reader gets half a report, and a second attempt puts the same one in its place.
  await writeFile(`${report}.new`, `${lines.join("\n")}\n`);
  await rename(`${report}.new`, report);
  return { report, days: loads.size };
});

async function readSamples(signal: AbortSignal): Promise<{ time: string; load: number }[]> {
  const files = (await readdir("data")).filter(file => /^samples.*\.csv$/.test(file));
  const texts = await Promise.all(files.map(file => readFile(`data/${file}`, { encoding: "utf8", signal })));
  return texts.flatMap(text =>
    text
      .split("\n")
      .slice(1)
      .filter(line => line !== "")
      .map(line => {
        const [time = "", load] = line.split(",");
        return { time, load: Number(load) };
      }),
  );
}
