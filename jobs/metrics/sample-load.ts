import { appendFile, mkdir, readFile } from "node:fs/promises";
import { freemem, loadavg, totalmem } from "node:os";
import { defineHandler } from "bellwether";

const FILE = "data/samples.csv";
const HEADER = "time,load1,freeMb,totalMb\n";
const MB = 2 ** 20;

/** Appends this machine's load and memory to a CSV file: one line a tick, also when the tick is tried twice. */
export default defineHandler(async (_data, run) => {
  await mkdir("data", { recursive: true });
  const written = await readFile(FILE, "utf8").catch(() => "");
  const time = run.tick.toISOString();
  if (written.includes(`\n${time},`)) return { time, written: false };

  const load = (loadavg()[0] ?? 0).toFixed(2);
  const line = `${time},${load},${Math.round(freemem() / MB)},${Math.round(totalmem() / MB)}\n`;
  await appendFile(FILE, written === "" ? HEADER + line : line);
  return { time, written: true };
});
