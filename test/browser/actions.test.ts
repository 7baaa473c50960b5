import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const dialog = (page: Page) => page.getByRole("dialog");

test("a bulk pause counts first, acts on the same filter, and leads to its audit row", async ({ open }) => {
  const { page, stub } = await open({ path: "/jobs?search=mail" });
  await page.getByRole("button", { name: "Pause all 12 …" }).click();
  await dialog(page).getByText("Would pause 12 jobs.").waitFor();
  await dialog(page).getByLabel("Reason (optional)").fill("maintenance");
  await dialog(page).getByRole("button", { name: "Pause 12 jobs" }).click();
  await dialog(page).getByText("Paused 12 jobs.").waitFor();
  const acts = stub.posted.filter(({ url }) => url === "/jobs:pause");
  expect(acts.at(-1)?.body).toEqual({ filter: { search: "mail" }, reason: "maintenance" });
  expect(acts.slice(0, -1).every(({ body }) => (body as { dryRun?: boolean }).dryRun === true)).toBe(true);
  await dialog(page).getByRole("link", { name: "See it in the audit" }).click();
  await expect.poll(() => page.locator('tr[aria-current="true"]').textContent()).toContain("pause");
});

test("chosen jobs are acted on by name, not by the filter", async ({ open }) => {
  const { page, stub } = await open({ path: "/jobs" });
  await page.getByLabel("Choose mail-send", { exact: true }).check();
  await page.getByLabel("Choose search-send", { exact: true }).check();
  await page.getByRole("button", { name: "Resume 2 chosen …" }).click();
  await dialog(page).getByRole("button", { name: "Resume 2 jobs" }).click();
  await dialog(page).getByText("Resumed 2 jobs.").waitFor();
  expect(stub.posted.at(-1)?.body).toEqual({ names: ["mail-send", "search-send"] });
});

test("a backfill shows its runs before it starts them", async ({ open }) => {
  const { page, stub } = await open({ path: "/jobs/mail-send" });
  await page.getByRole("button", { name: "Backfill …" }).click();
  const start = dialog(page).getByRole("button", { name: /^Start/ });
  expect(await start.isDisabled()).toBe(true);
  await dialog(page).getByLabel("From").fill("2026-11-01T00:00:00");
  await dialog(page).getByLabel("To", { exact: true }).fill("2026-11-01T05:00:00");
  await dialog(page).getByText("Would start 6 runs of mail-send.").waitFor();
  await dialog(page).getByRole("button", { name: "Start 6 runs" }).click();
  await dialog(page).getByText("Started 6 runs of mail-send.").waitFor();
  // The reader is in Berlin.
  expect(stub.posted.at(-1)?.body).toEqual({
    from: "2026-10-31T23:00:00.000Z",
    to: "2026-11-01T04:00:00.000Z",
    limit: 100,
  });
});

test("trigger takes data, and refuses what is no JSON before it is sent", async ({ open }) => {
  const { page, stub } = await open({ path: "/jobs/mail-send" });
  await page.getByRole("button", { name: "Trigger …" }).click();
  await dialog(page).getByLabel("Data (optional)").fill("{to: all}");
  await dialog(page).getByRole("button", { name: "Start 1 run" }).click();
  await dialog(page)
    .getByText(/The data is no JSON/)
    .waitFor();
  expect(stub.posted).toEqual([]);
  await dialog(page).getByLabel("Data (optional)").fill('{"to":"all"}');
  await dialog(page).getByRole("button", { name: "Start 1 run" }).click();
  await dialog(page).getByText("Started run bw.mail-send.manual.").waitFor();
  expect(stub.posted).toEqual([{ url: "/jobs/mail-send/trigger", body: { data: { to: "all" } } }]);
});

test("a viewer is offered no action, and an operator no step-down", async ({ open }) => {
  const acts = /…$/;
  const viewer = await open({ as: "viewer" });
  for (const path of ["/", "/jobs?search=mail", "/jobs/mail-send?run=bw.mail-send.1"]) {
    await viewer.page.goto(`${viewer.stub.url}${path}`);
    await viewer.page.getByRole("heading", { level: 1 }).waitFor();
    await viewer.page
      .getByText(/Replicas|match|Effective policy/)
      .first()
      .waitFor();
    expect(await viewer.page.getByRole("button", { name: acts }).count()).toBe(0);
    expect(await viewer.page.getByRole("checkbox").count()).toBe(0);
    expect(await viewer.page.getByRole("link", { name: /Queues/ }).count()).toBe(0);
  }
  const operator = await open({ as: "operator" });
  await operator.page.getByText("bellwether-7f9c4d8b6-m4wzt").first().waitFor();
  expect(await operator.page.getByRole("button", { name: "Step down …" }).count()).toBe(0);
});
