/**
 * Records what Prometheus would have scraped in each situation, for alerts.test.ts:
 *
 *     node test/deploy/record.ts [NAME…] [--at-once 5]
 *
 * The recordings are in test/deploy/recordings. Record again what a change of metrics, rules or situations concerns. It takes as
 * long as the situations say, so several take place side by side.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RECORDINGS } from "./recordings.ts";
import { ScrapeRecorder } from "./scrape-recorder.ts";
import { Scene, SITUATIONS, type Situation } from "./situations.ts";

const MINUTE_MS = 60_000;

async function record(situation: Situation): Promise<void> {
  const recorder = new ScrapeRecorder();
  const scene = new Scene(recorder);
  const ending = new AbortController();
  const scraping = recorder.run(ending.signal);
  const endMs = performance.now() + situation.minutes * MINUTE_MS;
  try {
    await situation.act(scene);
    await sleep(Math.max(endMs - performance.now(), 0));
    ending.abort();
    await scraping;
    await writeFile(
      path.join(RECORDINGS, `${situation.name}.json`),
      `${JSON.stringify(recorder.series, null, 2)}\n`,
    );
    process.stdout.write(`${situation.name}: recorded\n`);
  } finally {
    ending.abort();
    await scraping;
    await scene.close();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "at-once": { type: "string", default: "5" } },
});
const waiting = SITUATIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
await Promise.all(
  Array.from({ length: Number(values["at-once"]) }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await record(next).catch(error => {
        process.stderr.write(`${next?.name}: ${error instanceof Error ? error.stack : error}\n`);
        process.exitCode = 1;
      });
    }
  }),
);
