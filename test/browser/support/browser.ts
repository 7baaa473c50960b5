import { existsSync } from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Chromium of the machine, without its sandbox, which needs more rights than a container gives. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? inPath("chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

function inPath(program: string): string {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const found = folders.map(folder => path.join(folder, program)).find(existsSync);
  if (found === undefined) throw new Error(`${program} is not in PATH`);
  return found;
}
