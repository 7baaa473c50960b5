import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const TABS = 10;
const isLive = (page: Page) => page.getByRole("status").getByText("live", { exact: true }).waitFor();

test("ten tabs are live over one stream, also when the tab that reads it is closed", async ({ open }) => {
  const { page, stub, context } = await open({ path: "/jobs", jobs: 20 });
  await isLive(page);
  const others = await Promise.all(
    Array.from({ length: TABS - 1 }, async () => {
      const other = await context.newPage();
      await other.goto(`${stub.url}/jobs`);
      await isLive(other);
      return other;
    }),
  );
  expect(stub.streams.size).toBe(1);

  const rename = async (name: string, pages: readonly Page[]) => {
    stub.jobs[0] = { ...stub.jobs[0], name } as (typeof stub.jobs)[number];
    stub.emit("job", { name, what: "changed" });
    await Promise.all(pages.map(one => one.getByRole("link", { name, exact: true }).waitFor()));
  };
  await rename("a-renamed", [page, ...others]);

  await page.close();
  await expect.poll(() => stub.streams.size).toBe(1);
  await Promise.all(others.map(isLive));
  await rename("a-renamed-again", others);
  expect(stub.streams.size).toBe(1);
});

test("says since when it is not live, keeps what it knows, and recovers without a reload", async ({
  open,
}) => {
  const { page, stub, complaints } = await open({ path: "/jobs", jobs: 20 });
  await isLive(page);
  await page.getByRole("link", { name: "mail-send", exact: true }).waitFor();
  stub.goAway();
  await page.getByText(/not live since \d\d:\d\d:\d\d/).waitFor();
  await page.getByText("Redis does not answer. What you see is what was read before.").waitFor();
  expect(await page.getByRole("link", { name: "mail-send", exact: true }).count()).toBe(1);
  const late = await page.context().newPage();
  await late.goto(stub.url);
  await late.getByText("Redis does not answer.").waitFor();
  stub.comeBack();
  await isLive(page);
  await late.getByRole("heading", { name: "Now" }).waitFor();
  await expect.poll(() => page.getByRole("alert").count()).toBe(0);
  // The browser reports each 503 by itself.
  expect(complaints.lines.filter(line => !/status of 503|ERR_/.test(line))).toEqual([]);
  complaints.lines.length = 0;
});

test("a replica whose Redis is away makes the page not live", async ({ open }) => {
  const { page, stub } = await open();
  await isLive(page);
  stub.emit("live", { live: false, replica: "a", at: new Date().toISOString() });
  await page.getByText(/not live since/).waitFor();
  stub.emit("live", { live: true, replica: "a", at: new Date().toISOString() });
  await isLive(page);
});

test("a session that ends shows the sign-in, and signing out ends the stream", async ({ open }) => {
  const { page, stub, context } = await open();
  await isLive(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  await expect.poll(() => stub.streams.size).toBe(0);
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("No token of the configuration is this one.").waitFor();
  await page.getByLabel("Token").fill(stub.tokenOf("viewer"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await isLive(page);
  await context.clearCookies();
  stub.emit("leader", {});
  await page.getByLabel("Token").waitFor();
});
