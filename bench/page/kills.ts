import type { Browser } from "playwright-core";
import { percentile } from "../support/percentile.ts";
import { makeReplicas, type Replica } from "./replicas.ts";

const JOBS = Array.from({ length: 10 }, (_, i) => `job-${i}: { every: 2s, command: ["true"] }`);
const REPLICAS = 3;

/** From `kill -9` of the leader to the row with the new term, its reason and its gap. */
export async function measureKills(browser: Browser, kills: number): Promise<string> {
  const replicas = await makeReplicas(JOBS);
  try {
    const alive = new Map<string, Replica>();
    for (let i = 0; i < REPLICAS; i++) alive.set(`r${i}`, await replicas.start(`r${i}`));
    const ms: number[] = [];
    for (let i = 0; i < kills; i++) {
      ms.push(await killLeader(browser, alive));
      alive.set(`r${REPLICAS + i}`, await replicas.start(`r${REPLICAS + i}`));
    }
    const [median, most] = [percentile(ms, 0.5), Math.max(...ms)];
    return `Kill to the new term on the page: median ${median.toFixed(0)} ms, maximum ${most.toFixed(0)} ms`;
  } finally {
    await replicas.stop();
  }
}

async function killLeader(browser: Browser, alive: Map<string, Replica>): Promise<number> {
  const any = [...alive.values()][0];
  const status = (await (await fetch(`${any?.url}api/v1/status`)).json()) as StatusAnswer;
  const leads = (id: string) => status.leader.replica.startsWith(id);
  const [id, leader] = [...alive].find(([one]) => leads(one)) ?? [];
  const other = [...alive.values()].find(replica => replica !== leader);
  if (id === undefined || leader === undefined || other === undefined)
    throw new Error("one of these replicas leads");
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${other.url}timeline`);
  await page.getByRole("status").getByText("live", { exact: true }).waitFor();
  const rowOf = (term: number) =>
    page.locator(".terms-table tr", { has: page.locator(`td:first-child:text-is("${term}")`) });
  await rowOf(status.leader.term).waitFor();
  const seen = rowOf(status.leader.term + 1)
    .filter({ hasText: "crashed" })
    .filter({ hasText: /\d m?s/ })
    .waitFor()
    .then(() => performance.now());
  const killedMs = performance.now();
  await leader.end();
  alive.delete(id);
  const ms = (await seen) - killedMs;
  await context.close();
  return ms;
}

interface StatusAnswer {
  readonly leader: { readonly replica: string; readonly term: number };
}
