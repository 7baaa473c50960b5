import type { Browser, CDPSession, Page, Request } from "playwright-core";
import { percentile } from "../support/percentile.ts";
import { processUse } from "../support/process-use.ts";
import { makeReplicas, type Replica } from "./replicas.ts";

const VIEWS = [
  { path: "", name: "Now", shows: ".tile b" },
  { path: "jobs", name: "Jobs", shows: "table.jobs tbody tr" },
  { path: "timeline", name: "Timeline", shows: "a.lane-name" },
  { path: "forecast", name: "Forecast", shows: "svg.heat" },
  { path: "jobs/job-0421", name: "a job", shows: ".facts" },
];
/** Each one leaves a tenth of 10,000 jobs. */
const KEYS = ["0", "4", "2"];
const SETTLE_MS = 500;
const ROWS = "main tr, main li, main .lane";

interface Sample {
  readonly ms: number;
  /** CPU time of the replica, which Linux counts in steps of 10 ms. */
  readonly serverMs: number;
  /** CPU time of the page's thread. */
  readonly pageMs: number;
}

/** What was measured, a line each. */
export async function measureManyJobs(browser: Browser, size: number, rounds: number): Promise<string[]> {
  const jobs = Array.from(
    { length: size },
    (_, i) =>
      `job-${String(i).padStart(4, "0")}: { cron: "${i % 60} ${i % 24} * * *", timezone: Europe/Berlin, command: ["true"] }`,
  );
  const replicas = await makeReplicas(jobs);
  try {
    const bench = new ManyJobs(browser, await replicas.start("a"));
    for (let round = 0; round < rounds; round++) {
      for (const view of VIEWS) await bench.open(view);
      await bench.type(size);
    }
    return rounds === 0 ? [] : bench.report();
  } finally {
    await replicas.stop();
  }
}

class ManyJobs {
  readonly #browser: Browser;
  readonly #replica: Replica;
  readonly #samples = new Map<string, Sample[]>();
  #largest = { bytes: 0, path: "" };
  #most = { rows: 0, name: "" };

  constructor(browser: Browser, replica: Replica) {
    this.#browser = browser;
    this.#replica = replica;
  }

  /** With an empty cache. */
  async open({ path, name, shows }: (typeof VIEWS)[number]): Promise<void> {
    const { page, session } = await this.#newPage();
    const sizes: Promise<void>[] = [];
    page.on("requestfinished", request => {
      sizes.push(this.#weigh(request));
    });
    await page.addInitScript(firstSight(shows));
    const serverMs = this.#cpuMs();
    await page.goto(this.#replica.url + path);
    const ms = Number(await page.evaluate("window.seenAfterMs"));
    this.#note(name, { ms, serverMs: this.#cpuMs() - serverMs, pageMs: await busyMs(session) });
    // What a view reads beside its first sight.
    await page.waitForTimeout(SETTLE_MS);
    await Promise.all(sizes);
    const rows = await page.locator(ROWS).count();
    if (rows > this.#most.rows) this.#most = { rows, name };
    await page.context().close();
  }

  /** Into the search, key by key. */
  async type(size: number): Promise<void> {
    const { page, session } = await this.#newPage();
    await page.goto(`${this.#replica.url}jobs?search=job-`);
    await page.locator("table.jobs tbody tr").first().waitFor();
    await page.getByRole("searchbox").press("End");
    let left = size;
    for (const key of KEYS) {
      left /= 10;
      const [serverMs, pageMs] = [this.#cpuMs(), await busyMs(session)];
      await page.evaluate(filtered(`${left.toLocaleString("en-GB")} jobs match`));
      await page.keyboard.press(key);
      const ms = Number(await page.evaluate("window.filteredAfterMs"));
      this.#note(`Key to ${left} jobs`, {
        ms,
        serverMs: this.#cpuMs() - serverMs,
        pageMs: (await busyMs(session)) - pageMs,
      });
    }
    await page.context().close();
  }

  report(): string[] {
    const lines = [...this.#samples].map(([name, samples]) => {
      const of = (key: keyof Sample) => samples.map(one => one[key]);
      const median = (key: keyof Sample) => percentile(of(key), 0.5).toFixed(0);
      const most = Math.max(...of("ms")).toFixed(0);
      return `${name}: median ${median("ms")} ms, maximum ${most} ms; CPU: server ${median("serverMs")} ms, page ${median("pageMs")} ms`;
    });
    const { bytes, path } = this.#largest;
    lines.push(`Largest response: ${(bytes / 1_000).toFixed(1)} kB, ${path}`);
    lines.push(`Most rows: ${this.#most.rows}, ${this.#most.name}`);
    return lines;
  }

  async #newPage(): Promise<{ page: Page; session: CDPSession }> {
    const context = await this.#browser.newContext();
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    return { page, session };
  }

  async #weigh(request: Request): Promise<void> {
    const { responseBodySize: bytes } = await request.sizes();
    if (bytes > this.#largest.bytes) this.#largest = { bytes, path: new URL(request.url()).pathname };
  }

  #cpuMs(): number {
    return processUse(this.#replica.pid).cpuMs;
  }

  #note(name: string, sample: Sample): void {
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), sample]);
  }
}

/** From the navigation to the frame that shows something of this selector. For the page, before its scripts. */
function firstSight(shows: string): string {
  return `window.seenAfterMs = new Promise(resolve => {
    const observer = new MutationObserver(() => {
      if (document.querySelector(${JSON.stringify(shows)}) === null) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now()));
    });
    observer.observe(document, { childList: true, subtree: true });
  })`;
}

/** From the next input to the frame in which the list says this. For the page. */
function filtered(text: string): string {
  return `window.filteredAfterMs = new Promise(resolve => {
    addEventListener("input", () => {
      const startMs = performance.now();
      const observer = new MutationObserver(() => {
        if (document.querySelector(".bulk [role=status]")?.textContent !== ${JSON.stringify(text)}) return;
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - startMs));
      });
      observer.observe(document, { childList: true, subtree: true, characterData: true });
    }, { once: true, capture: true });
  }); undefined`;
}

async function busyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
}
