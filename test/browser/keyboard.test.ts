import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./support/page-test.ts";

const focused = (page: Page) =>
  page.evaluate(
    `(() => { const one = document.activeElement; return one.getAttribute("aria-label") ?? one.textContent; })()`,
  );

/** Presses Tab until what has the focus is called this. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < 80; i++) {
    if (name.test(String(await focused(page)))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never comes to ${name}`);
}

test("everything can be done with the keyboard alone", async ({ open }) => {
  const { page, stub } = await open();
  await page.reload();
  await page.getByRole("heading", { name: "Now" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the content");
  await tabTo(page, /^Jobs$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();

  await page.keyboard.press("/");
  await page.keyboard.type("search-send");
  await page.getByText("2 jobs match").waitFor();
  await tabTo(page, /^Choose search-send$/);
  await page.keyboard.press("Space");
  await page.getByText("Pause 1 chosen …").waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await tabTo(page, /^Trigger 1 chosen …$/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Would start a run of 1 job.").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  expect(await focused(page)).toBe("Trigger 1 chosen …");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Would start a run of 1 job.").waitFor();
  await tabTo(page, /^Trigger 1 job$/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Started a run of 1 job.").waitFor();
  expect(stub.posted.at(-1)?.body).toEqual({ names: ["search-send"] });
});

test("a key works as soon as what it belongs to is there", async ({ open }) => {
  const { page } = await open();
  const press = (key: string, when: string) =>
    page.evaluate(
      `new Promise(resolve => {
        const observer = new MutationObserver(() => {
          if (!document.querySelector(${JSON.stringify(when)})) return;
          observer.disconnect();
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: ${JSON.stringify(key)}, bubbles: true }));
          resolve([document.activeElement.localName, document.querySelector("dialog")?.open]);
        });
        observer.observe(document.body, { childList: true, subtree: true });
      })`,
    );
  const inSearch = press("/", "input[type=search]");
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  expect(await inSearch).toEqual(["input", undefined]);

  await page.getByRole("searchbox").fill("search-send");
  const inDialog = press("x", "dialog");
  await page.getByRole("button", { name: /^Pause all/ }).click();
  expect(await inDialog).toEqual([expect.anything(), true]);
});

test("the timeline moves and zooms by keys, and a gap opens its late ticks", async ({ open }) => {
  const { page } = await open({ path: "/timeline" });
  await page.getByRole("region", { name: /^Timeline/ }).focus();
  const width = () => {
    const { searchParams } = new URL(page.url());
    return Date.parse(searchParams.get("to") ?? "") - Date.parse(searchParams.get("from") ?? "");
  };
  await page.keyboard.press("+");
  await expect.poll(width).toBe((48 * 3_600_000 * 6) / 10);
  await page.keyboard.press("-");
  await expect.poll(width).toBe(48 * 3_600_000);
  const before = new URL(page.url()).searchParams.get("from") ?? "";
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => String(new URL(page.url()).searchParams.get("from")) < before).toBe(true);
  await page.keyboard.press("0");
  await expect.poll(() => new URL(page.url()).searchParams.has("from")).toBe(false);
  await page.getByRole("button", { name: "5 late ticks", exact: true }).press("Enter");
  await page.getByText("Gap before term 16: 6.2 s").waitFor();
});

test("the heat map says what is at each minute", async ({ open }) => {
  const { page } = await open({ path: "/forecast" });
  await page.getByRole("img", { name: /^Launches a minute/ }).focus();
  for (const key of ["ArrowRight", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  await page.getByText(/^\d+ \w{3} \d\d:\d\d: \d+ launch(es)?$/).waitFor();
});

test("times follow the switch: the reader's zone, the job's, UTC", async ({ open }) => {
  const { page } = await open({ path: "/jobs/billing-send" });
  const last = page.locator(".facts time").first();
  const shown = async (zone: string) => {
    await page.getByText(zone, { exact: true }).click();
    return await last.textContent();
  };
  await last.waitFor();
  const at = String(await last.getAttribute("datetime"));
  const hour = (timeZone: string) =>
    new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(new Date(at));
  expect(await shown("UTC")).toContain(hour("UTC"));
  expect(await shown("Job's")).toContain(hour("Europe/Berlin"));
  await page.reload();
  await last.waitFor();
  expect(await page.getByLabel("Job's").isChecked()).toBe(true);
});
