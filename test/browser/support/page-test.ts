import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { test as base } from "../../support/folders.ts";
import { launchBrowser } from "./browser.ts";
import { type StubOptions, StubServer } from "./stub-server.ts";

/** What a page said that no page should say. */
export interface Complaints {
  readonly lines: string[];
}

/** Before the sign-in the page asks who is signed in, and the browser reports the answer, which is 401. */
const EXPECTED = /status of 401/;

/** Collects errors of scripts, of the console, and of the content security policy. */
export function watchComplaints(page: Page | BrowserContext): Complaints {
  const lines: string[] = [];
  page.on("console", message => {
    if (message.type() === "error" && !EXPECTED.test(message.text())) lines.push(message.text());
  });
  if ("goto" in page) page.on("pageerror", error => lines.push(error.message));
  else page.on("weberror", error => lines.push(error.error().message));
  return { lines };
}

export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Views" }).waitFor();
}

export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures in use from this pattern.
  .extend("browser", { scope: "file" }, async ({}, { onCleanup }): Promise<Browser> => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend("startStub", ({ defer }) => async (options: StubOptions = {}): Promise<StubServer> => {
    const stub = await StubServer.start(options);
    defer(() => stub.stop());
    return stub;
  })
  /** A browser of its own: cookies, locks and channels are shared by the pages of one context only. */
  .extend(
    "newContext",
    ({ browser, defer }) =>
      async (options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> => {
        const context = await browser.newContext({
          locale: "en-GB",
          timezoneId: "Europe/Berlin",
          ...options,
        });
        defer(() => context.close());
        return context;
      },
  )
  /** A page on a stub, signed in as an operator or a viewer. At the end it must not have complained. */
  .extend(
    "open",
    ({ newContext, startStub, defer }) =>
      async (options: StubOptions & OpenOptions = {}): Promise<Opened> => {
        const { as = "admin", path = "/", context: given, ...stubOptions } = options;
        const stub = await startStub(stubOptions);
        const context = await newContext(given);
        const page = await context.newPage();
        const complaints = watchComplaints(page);
        defer(() => expect(complaints.lines).toEqual([]));
        await signIn(page, `${stub.url}${path}`, stub.tokenOf(as));
        return { stub, context, page, complaints };
      },
  );

export interface OpenOptions {
  readonly as?: "viewer" | "operator" | "admin";
  readonly path?: string;
  readonly context?: Parameters<Browser["newContext"]>[0];
}

export interface Opened {
  readonly stub: StubServer;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: Complaints;
}
