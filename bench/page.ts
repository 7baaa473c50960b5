/**
 * How quick the dashboard is in Chromium: its views with many jobs, and the picture of a new term after a leader was killed.
 *
 *     node bench/page.ts [--jobs 10000] [--rounds 7] [--kills 5]
 *
 * A view begins with an empty cache. A keystroke lasts from its event to the frame with the filtered list. CPU times are those of
 * the replica and of the page's thread; they say more than the clock on a machine that does other work. A kill lasts from the
 * signal to the row of the new term, on a page that another replica serves.
 */
import { withProgress } from "../src/cli/progress.ts";
import { launchBrowser } from "../test/browser/support/browser.ts";
import { measureKills } from "./page/kills.ts";
import { measureManyJobs } from "./page/many-jobs.ts";
import { benchOptions } from "./support/bench-options.ts";

const values = benchOptions({
  jobs: { type: "string", default: "10000" },
  rounds: { type: "string", default: "7" },
  kills: { type: "string", default: "5" },
});

async function main(): Promise<void> {
  const browser = await launchBrowser();
  try {
    const lines = await measureManyJobs(browser, Number(values.jobs), Number(values.rounds));
    process.stdout.write(`${lines.join("\n")}\n`);
    process.stdout.write(`${await measureKills(browser, Number(values.kills))}\n`);
  } finally {
    await browser.close();
  }
}

await withProgress(`${values.jobs} jobs, ${values.rounds} rounds, ${values.kills} kills`, main);
