import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const SCRIPT = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';

test("shows what others wrote as text, wherever it is", async ({ open }) => {
  const { page, stub } = await open({
    extraJobs: [
      {
        name: `evil ${SCRIPT}`,
        schedule: SCRIPT,
        timezone: SCRIPT,
        handler: SCRIPT,
        queue: SCRIPT,
        paused: true,
        pausedBy: { by: SCRIPT, at: new Date().toISOString(), reason: SCRIPT, until: null },
        quarantined: { since: new Date().toISOString(), reason: SCRIPT },
        strip: ["failed", "completed", "running"],
      },
    ],
  });
  stub.audit.unshift({
    at: new Date().toISOString(),
    action: SCRIPT,
    by: SCRIPT,
    job: SCRIPT,
    reason: SCRIPT,
  });
  const views = [
    "jobs",
    `jobs/${encodeURIComponent(`evil ${SCRIPT}`)}?run=bw.x.1&why=2026-11-28T12:00:00Z`,
    "audit",
    "timeline",
  ];
  for (const view of views) {
    await page.goto(`${stub.url}/${view}`);
    await page.getByText("<img src=x").first().waitFor();
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).toBe("Bellwether");
  }
});

test("shows the error, the log and the result of a run as text", async ({ open }) => {
  const { page } = await open({ path: "/jobs/mail-send?run=bw.mail-send.1" });
  const texts = page.locator(".panel pre");
  await texts.first().waitFor();
  const [error, log, , result] = await texts.allTextContents();
  expect(error).toContain("<img src=x onerror=alert(2)>");
  expect(log).toContain("<img src=x onerror=alert(1)>");
  expect(result).toContain("<script>alert(3)</script>");
  expect(await page.locator("main img, main script").count()).toBe(0);
});

test("names that are properties of every object are names", async ({ open }) => {
  const names = ["__proto__", "constructor", "toString"];
  const { page, stub } = await open({ path: "/jobs", jobs: 3, extraJobs: names.map(name => ({ name })) });
  for (const name of names) await page.getByRole("link", { name, exact: true }).waitFor();
  await page.goto(`${stub.url}/jobs/__proto__`);
  await page.getByRole("heading", { level: 1, name: "__proto__" }).waitFor();
});

test("says what it cannot show: a job that does not exist, and an address that is none", async ({ open }) => {
  const { page, stub, complaints } = await open();
  await page.goto(`${stub.url}/jobs/${encodeURIComponent("no/../such job?")}`);
  await page.getByText("There is no job no/../such job?.").first().waitFor();
  await page.goto(`${stub.url}/jobs/%E0%A4%A`);
  // The server refuses an address that is no UTF-8, and sends no page.
  await page.getByText("not a valid").first().waitFor();
  complaints.lines.length = 0;
});

test("says so when its script does not come, as from a replica of another release", async ({
  newContext,
  startStub,
}) => {
  const stub = await startStub();
  const context = await newContext();
  const page = await context.newPage();
  await page.route("**/assets/**/*.ts", request => request.fulfill({ status: 404 }));
  await page.goto(stub.url);
  await page.getByText("load the page again").waitFor();
  await page.unroute("**/assets/**/*.ts");
  await page.reload();
  await page.getByLabel("Token").waitFor();
  expect(await page.getByText("load the page again").count()).toBe(0);
});
