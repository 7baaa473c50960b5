import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const VIEWS = [
  { path: "/", heading: "Now", shows: "bellwether-7f9c4d8b6-m4wzt" },
  { path: "/jobs", heading: "Jobs", shows: "mail-send" },
  { path: "/jobs/mail-send", heading: "mail-send", shows: "Effective policy" },
  { path: "/timeline", heading: "Timeline", shows: "Elected because" },
  { path: "/forecast", heading: "Forecast", shows: "Most launches in one minute" },
  { path: "/audit", heading: "Audit", shows: "the ledger is being moved" },
];

for (const { path, heading, shows } of VIEWS) {
  test(`${heading} is there, below a path prefix, in light and dark`, async ({ open }) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open({ basePath: "/ops", path, context: { colorScheme } });
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await page.getByText(shows).first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    }
  });

  test(`${heading} fits into 360 pixels`, async ({ open }) => {
    const { page } = await open({ path, context: { viewport: { width: 360, height: 740 } } });
    await page.getByText(shows).first().waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });
}

const DETAILS = [
  { name: "a run", path: "/jobs/mail-send?run=bw.mail-send.1", shows: "Attempt" },
  { name: "why", path: "/jobs/mail-send?why=2026-11-28T12:00:00Z", shows: "ada had paused the job" },
  { name: "a gap", path: "/timeline?gap=16", shows: "Gap before term 16" },
  { name: "no job that matches", path: "/jobs?search=nothing", shows: "No job matches." },
  { name: "no lane that matches", path: "/timeline?search=nothing", shows: "No job matches." },
  { name: "a job that does not exist", path: "/jobs/nothing", shows: "There is no job nothing." },
];

for (const { name, path, shows } of DETAILS) {
  test(`${name} is accessible, in light and dark, and fits into 360 pixels`, async ({ open }) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const viewport = { width: 360, height: 740 };
      const { page, complaints } = await open({ path, context: { colorScheme, viewport } });
      await page.getByText(shows).first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
      // The browser reports each answer for the job that does not exist.
      await page.close();
      complaints.lines.splice(
        0,
        Number.POSITIVE_INFINITY,
        ...complaints.lines.filter(line => !/status of 404/.test(line)),
      );
    }
  });
}

test("the sign-in and the dialogs are accessible, in light and dark", async ({ open }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    const { page } = await open({ path: "/jobs/mail-send", context: { colorScheme } });
    for (const name of ["Trigger …", "Pause …", "Skip next …", "Backfill …"]) {
      await page.getByRole("button", { name }).click();
      await page.getByRole("dialog").waitFor();
      expect([name, await seriousFindings(page)]).toEqual([name, []]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  }
});

test("a paused job counts down to no tick, neither in the list nor on its page", async ({ open }) => {
  const nextTick = new Date(Date.now() + 60_000).toISOString();
  const extraJobs = [{ name: "a-paused", paused: true, nextTick }];
  const { page, stub } = await open({ path: "/jobs?search=a-paused", extraJobs });
  await page.locator("td.next").getByText("no next tick").waitFor();
  await page.goto(`${stub.url}/jobs/a-paused`);
  await page.locator(".facts").getByText("no next tick").waitFor();
});

test("a job that does not exist is said once, and nothing is asked about it", async ({ open }) => {
  const { page, stub, complaints } = await open();
  await page.goto(`${stub.url}/jobs/nothing`);
  await page.getByText("There is no job nothing.").waitFor();
  expect(await page.getByRole("alert").count()).toBe(1);
  expect(await page.getByLabel("What became of this job at").count()).toBe(0);
  complaints.lines.length = 0;
});

test("the content begins and ends where the header does, however wide the window is", async ({ open }) => {
  const { page } = await open({ context: { viewport: { width: 2_400, height: 900 } } });
  await page.getByRole("heading", { level: 1, name: "Now" }).waitFor();
  const left = (selector: string) => page.locator(selector).evaluate(one => one.getBoundingClientRect().left);
  expect(await left(".brand")).toBeCloseTo(await left("h1"), 0);
});

/** What axe calls serious or critical. Run outside of the page's policy, which would not let it in. */
async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const findings =
    await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html).join(" | ")))`);
  return findings as string[];
}
