import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const MOST_ROWS = 200;

test("10,000 jobs: pages, facets and typing, with few rows in the document", async ({ open }) => {
  const { page, stub } = await open({ path: "/jobs", jobs: 10_000 });
  const rows = () => page.locator("table.jobs tbody tr").count();
  await page.getByText("10,000 jobs").waitFor();
  expect(await rows()).toBeLessThanOrEqual(MOST_ROWS);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("101 – 200 of 10,000").waitFor();

  await page.getByRole("searchbox").pressSequentially("billing-send-4");
  await page.getByText("11 jobs match").waitFor();
  expect(await rows()).toBe(11);
  expect(new URL(page.url()).searchParams.get("search")).toBe("billing-send-4");

  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: /^Failing/ }).click();
  const failing = stub.page({ state: "failing" }).total;
  await page.getByText(`${failing} jobs match`).waitFor();
  // What the address says is what is shown, also after a reload.
  await page.reload();
  await page.getByText(`${failing} jobs match`).waitFor();
  expect(await rows()).toBeLessThanOrEqual(MOST_ROWS);

  // The status of each job would be the dearest part of the page.
  const asked = page.waitForRequest(/\/status/);
  await page.getByRole("link", { name: "Now" }).click();
  expect(new URL((await asked).url()).search).toBe("?jobs=false");

  await page.getByRole("link", { name: "Timeline", exact: true }).click();
  await page.getByText("Elected because").waitFor();
  expect(await page.locator("main .lane, main tr").count()).toBeLessThanOrEqual(MOST_ROWS);
});
