import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { signIn, watchComplaints } from "./support/page-test.ts";
import { ADMIN, dashboardOf, picture, test } from "./support/replicas-test.ts";

const JOBS = [
  "billing-sync: { every: 2s, handler: flaky, retry: { attempts: 1 } }",
  "cache-warm: { every: 1s, handler: echo }",
  "exports-nightly: { cron: '30 2 * * *', timezone: Europe/Berlin, handler: echo }",
  "imports-poll: { every: 3s, handler: slow }",
  "invoices-send: { cron: '0 9 * * 1-5', timezone: America/New_York, handler: broken, retry: { attempts: 1 } }",
  "mail-clean: { cron: '0 4 * * *', handler: echo }",
  "mail-digest: { every: 1s, handler: slow, overlap: skip }",
  "mail-send: { cron: '0 3 * * *', handler: echo, overlap: allow }",
  "metrics-roll-up: { every: 5s, handler: echo }",
  "search-refresh: { every: 1s, handler: echo }",
];
const HANDLERS = {
  slow: "await new Promise(resolve => setTimeout(resolve, 1_300));",
  flaky: "if (run.tick.getTime() % 10_000 === 0) throw new Error('connect ECONNREFUSED 10.0.3.7:5432');",
  broken: `run.log.info("sending 12 invoices");
  if (!existsSync(process.env.DEPLOYMENT_DIR + "/opened-repair")) throw new Error("<b>no such ledger</b>");
  return { sent: 12 };`,
};

const dialog = (page: Page) => page.getByRole("dialog");

/** Confirms the action that is open, and closes its result. */
async function confirm(page: Page, button: string, result: RegExp): Promise<void> {
  await dialog(page).getByRole("button", { name: button }).click();
  await dialog(page).getByText(result).first().waitFor();
  await dialog(page).getByRole("button", { name: "Close" }).click();
}

const isLive = (page: Page) => page.getByRole("status").getByText("live", { exact: true }).waitFor();

/** Nine more, which is more than a browser opens connections to one address. */
async function openTabs(context: BrowserContext, url: string): Promise<readonly Page[]> {
  const tabs: Page[] = [];
  for (let i = 0; i < 9; i++) {
    const tab = await context.newPage();
    await tab.goto(url);
    await isLive(tab);
    tabs.push(tab);
  }
  return tabs;
}

test("three replicas: the leader is killed, and every action works, without a reload", async ({
  deploy,
  newContext,
}) => {
  const deployment = await deploy({ settings: [ADMIN], jobs: JOBS, handlers: HANDLERS });
  const replicas = [deployment.start(), deployment.start(), deployment.start()];
  const elected = await deployment.when("leader.elected");
  const leader = replicas.find(({ lines }) => lines.some(({ replica }) => replica === elected.replica));
  const serving = replicas.find(replica => replica !== leader);
  if (!leader || !serving) throw new Error("one of three leads");
  const context = await newContext();
  const complaints = watchComplaints(context);
  const page = await context.newPage();
  const url = await dashboardOf(serving);

  await signIn(page, url, "secret-of-anna");
  await page.locator(".leader-id").getByText(elected.replica).waitFor();
  await isLive(page);
  await page.getByRole("link", { name: "Timeline" }).click();
  await page.locator(".terms-table").getByText(elected.replica).waitFor();
  // It would not survive a reload.
  await page.evaluate("window.isSamePage = true");
  expect(await page.getByRole("button", { name: /^Gap of/ }).count()).toBe(0);
  const tabs = await openTabs(context, url);
  await page.bringToFront();
  await leader.end("SIGKILL");
  const crashed = page.locator(".terms-table tr").filter({ hasText: "crashed" });
  await crashed
    .filter({ hasText: /\d m?s/ })
    .first()
    .waitFor();
  // In the picture too: the gap, and behind it the new term.
  await page.getByRole("button", { name: /^Gap of \S+ m?s before term 2,/ }).waitFor();
  await page.locator('.term[title^="Term 2: "]').waitFor();
  for (const tab of tabs) {
    await tab.bringToFront();
    await tab.locator(".leader").getByText("crashed").waitFor();
    await isLive(tab);
    await tab.close();
  }
  await page.bringToFront();

  await page.getByRole("link", { name: "Jobs" }).click();
  await page.getByRole("searchbox").fill("mail");
  await page.getByRole("button", { name: "Pause all 3 …" }).click();
  await dialog(page).getByText("Would pause 3 jobs.").waitFor();
  await confirm(page, "Pause 3 jobs", /Paused 3 jobs/);
  await expect.poll(() => page.getByText("paused", { exact: true }).count()).toBe(3);
  await page.getByRole("button", { name: "Resume all 3 …" }).click();
  await confirm(page, "Resume 3 jobs", /Resumed 3 jobs/);
  await expect.poll(() => page.getByText("paused", { exact: true }).count()).toBe(0);

  await page.getByRole("link", { name: "mail-send" }).click();
  await page.getByRole("button", { name: "Pause …" }).click();
  await dialog(page).getByLabel("Reason (optional)").fill("the ledger is being moved");
  await confirm(page, "Pause 1 job", /is paused/);
  await page.locator(".note").getByText("the ledger is being moved").waitFor();
  await page.getByRole("button", { name: "Resume …" }).click();
  await confirm(page, "Resume 1 job", /is resumed/);
  await page.getByRole("button", { name: "Trigger …" }).click();
  await confirm(page, "Start 1 run", /Started run/);
  await page.locator("table.history").getByText("completed").first().waitFor();
  await page.getByRole("button", { name: "Skip next …" }).click();
  await confirm(page, "Skip 1 tick", /will be skipped/);

  const dayMs = 86_400_000;
  const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  await page.getByRole("button", { name: "Backfill …" }).click();
  await dialog(page)
    .getByLabel("From")
    .fill(`${dayOf(Date.now() - 3 * dayMs)}T12:00:00`);
  await dialog(page)
    .getByLabel("To", { exact: true })
    .fill(`${dayOf(Date.now())}T00:00:00`);
  await dialog(page)
    .getByText(/Would start 2 runs/)
    .waitFor();
  await confirm(page, "Start 2 runs", /Started 2 runs/);

  await page.getByRole("link", { name: "Jobs", exact: true }).first().click();
  await page.getByRole("link", { name: "invoices-send" }).click();
  await page.getByRole("button", { name: "Trigger …" }).click();
  await confirm(page, "Start 1 run", /Started run/);
  const failed = page.locator("table.history tr").filter({ hasText: "failed" });
  await failed.getByText("<b>no such ledger</b>").waitFor();
  await failed.getByRole("button", { name: /^Run of/ }).click();
  await page.getByRole("heading", { name: "Error" }).waitFor();
  await deployment.open("repair");
  await page.getByRole("button", { name: "Retry …" }).click();
  await confirm(page, "Retry 1 run", /waits in its queue again/);
  await page.locator(".panel .badge").getByText("completed").waitFor();

  await page.getByRole("link", { name: "Now" }).click();
  await page.locator(".tiles").waitFor();
  await page.locator(".leader").getByText("Gap before").waitFor();
  await page.locator("td").getByText(/MB$/).first().waitFor();
  await picture(page, "now");
  await page.getByRole("button", { name: "Step down …" }).click();
  await dialog(page).getByRole("button", { name: "Step down" }).click();
  await dialog(page).getByRole("link", { name: "See it in the audit" }).click();
  const row = page.locator('tr[aria-current="true"]');
  await row.filter({ hasText: "stepdown" }).filter({ hasText: "anna@" }).waitFor();
  await page.getByRole("link", { name: "Timeline" }).click();
  await page.locator(".terms-table").getByText("(stepdown by anna").first().waitFor();
  expect(await page.evaluate("window.isSamePage")).toBe(true);
  expect(complaints.lines).toEqual([]);
  await pictures(page);
});

/** Of the views on which the test has nothing more to do. */
async function pictures(page: Page): Promise<void> {
  if (process.env["PICTURES"] === undefined) return;
  const surface = page.getByRole("region", { name: /^Timeline/ });
  for (let i = 0; i < 14; i++) await surface.press("+");
  await page.waitForResponse(/timeline/);
  await surface.blur();
  await picture(page, "timeline");
  await page.getByRole("link", { name: "Jobs" }).click();
  await page.getByText("mail-digest").waitFor();
  await picture(page, "jobs");
  await page.getByText("mail-digest").click();
  await page.locator("table.history tr").filter({ hasText: "skipped" }).getByRole("button").first().click();
  await page.locator(".why-text").waitFor();
  await picture(page, "job");
}

test("a viewer sees no data and no action, and an operator sees the queues", async ({
  deploy,
  newContext,
}) => {
  const deployment = await deploy({ settings: [ADMIN], jobs: JOBS, handlers: HANDLERS });
  const url = await dashboardOf(deployment.start());
  const { run } = await deployment.when("run.completed");

  const viewer = await (await newContext()).newPage();
  const complaints = watchComplaints(viewer);
  await signIn(viewer, `${url}jobs/cache-warm?run=${run}`, "secret-of-vera");
  await viewer.getByText("Data, result and log are shown to operators only.").waitFor();
  expect(await viewer.getByRole("button", { name: /…$/ }).count()).toBe(0);
  const csrf = await viewer.evaluate(
    `fetch("/api/v1/session").then(answer => answer.json()).then(({ csrf }) => csrf)`,
  );
  const acts = [
    ...["trigger", "pause", "resume", "skip-next", "backfill"].map(verb => `jobs/cache-warm/${verb}`),
    ...["jobs:trigger", "jobs:pause", "jobs:resume"],
    "stepdown",
  ];
  for (const act of [...acts, `runs/${run}/retry`, `runs/${run}/cancel`]) {
    const answer = await viewer.request.post(`${url}api/v1/${act}`, {
      data: act.startsWith("jobs:") ? { filter: { search: "mail" } } : {},
      headers: { "x-csrf-token": String(csrf) },
    });
    expect([act, answer.status()]).toEqual([act, 403]);
  }
  expect((await viewer.request.get(`${url}queues/`)).status()).toBe(403);
  expect(complaints.lines).toEqual([]);

  const operator = await (await newContext()).newPage();
  const boardComplaints = watchComplaints(operator.context());
  await signIn(operator, url, "secret-of-olga");
  const opened = operator.waitForEvent("popup");
  await operator.getByRole("link", { name: /Queues/ }).click();
  await (await opened).getByText("default").first().waitFor();
  expect(boardComplaints.lines).toEqual([]);
});
