import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { test as base } from "../../support/fixtures.ts";
import type { ReplicaProcess } from "../../support/replica-process.ts";
import { launchBrowser } from "./browser.ts";

export const ADMIN = `admin: { port: 0, tokens: [
  { name: vera, role: viewer, token: secret-of-vera },
  { name: olga, role: operator, token: secret-of-olga },
  { name: anna, role: admin, token: secret-of-anna }] }`;

export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures in use from this pattern.
  .extend("browser", { scope: "file" }, async ({}, { onCleanup }): Promise<Browser> => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend("newContext", ({ browser, defer }) => async (): Promise<BrowserContext> => {
    const viewport = { width: 1200, height: 760 };
    const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", viewport });
    defer(() => context.close());
    return context;
  });

/** The dashboard's address of a replica. */
export async function dashboardOf(replica: ReplicaProcess): Promise<string> {
  return String((await replica.when("replica.started"))["admin"]);
}

/** The pictures of docs/dashboard.md: `PICTURES=docs/images npm test -- test/browser/replicas.test.ts` takes them anew. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["PICTURES"];
  if (folder !== undefined) await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
