import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const lanes = (page: Page) => page.locator("a.lane-name");
/** What a lane is called for those who do not see it. */
const marks = (page: Page, job: string) => page.getByRole("img", { name: new RegExp(`^${job}: `) });

test("the lanes are those of the filter, which is in the address", async ({ open }) => {
  const { page, stub } = await open({ path: "/timeline" });
  await page.getByText("1 – 30 of 120").waitFor();
  await expect.poll(() => lanes(page).count()).toBe(30);

  await page.getByRole("searchbox").fill("mail-send");
  await expect.poll(() => lanes(page).allTextContents()).toEqual(["mail-send", "mail-send-1"]);
  expect(new URL(page.url()).searchParams.get("search")).toBe("mail-send");
  // The period stays what it was, and so does the filter when the period moves.
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.has("from")).toBe(true);
  await page.reload();
  await expect.poll(() => lanes(page).allTextContents()).toEqual(["mail-send", "mail-send-1"]);

  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: /^Paused/ }).click();
  const paused = stub.page({ state: "paused" }).items.map(({ name }) => name);
  await expect.poll(() => lanes(page).allTextContents()).toEqual(paused);

  await page.getByRole("searchbox").fill("no such job");
  await page.getByText("No job matches.").waitFor();
  expect(await lanes(page).count()).toBe(0);
  await page.getByText("Elected because").waitFor();
});

test("pages come to the lanes behind the first, and Jobs leads to the lanes of its filter", async ({
  open,
}) => {
  const { page, stub } = await open({ path: "/timeline" });
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("31 – 60 of 120").waitFor();
  await expect.poll(() => lanes(page).first().textContent()).toBe(stub.jobs[30]?.name);

  await page.goto(`${stub.url}/jobs?search=mail&sort=next`);
  await page.getByRole("link", { name: "Timeline of these" }).click();
  await page.getByRole("heading", { level: 1, name: "Timeline" }).waitFor();
  await expect.poll(() => lanes(page).count()).toBe(12);
  expect(new URL(page.url()).searchParams.get("sort")).toBe("next");
});

test("a run that has not ended is hollow, and has a line to the present", async ({ open }) => {
  const { page } = await open({
    path: "/timeline?search=slow-",
    extraJobs: [
      { name: "slow-import", running: 1 },
      { name: "slow-export", running: 0 },
    ],
  });
  await marks(page, "slow-import").waitFor();
  const shapes = (job: string) => marks(page, job).locator(".is-running").getAttribute("d");
  // An outline within an outline; distinct without the colour.
  expect(await shapes("slow-import")).toMatch(/^M\d+ 5h5v15h-5zM\d+ 6v13h3v-13z$/);
  expect(await marks(page, "slow-import").locator(".run-line").getAttribute("d")).toMatch(/^M\d+ \S+H\d+$/);
  expect(await marks(page, "slow-import").getAttribute("aria-label")).toContain(" 1 running");
  expect(await shapes("slow-export")).toBe("");
  expect(await marks(page, "slow-export").getAttribute("aria-label")).toContain(" 0 running");
});

test("a lane says that more ticks come than it has marks for", async ({ open }) => {
  const { page } = await open({ path: "/timeline?search=cache-warm", extraJobs: [{ name: "cache-warm" }] });
  const more = marks(page, "cache-warm").locator(".is-more");
  await marks(page, "cache-warm").waitFor();
  expect(await more.count()).toBe(1);
  expect(await marks(page, "cache-warm").getAttribute("aria-label")).toMatch(/more than \d+ to come$/);
  await page.getByRole("searchbox").fill("cache-send");
  await marks(page, "cache-send").waitFor();
  expect(await marks(page, "cache-send").locator(".is-more").count()).toBe(0);
});
