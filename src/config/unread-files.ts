import { readdir } from "node:fs/promises";
import path from "node:path";
import { type ConfigFiles, EXTENSIONS, isDirectory, readText, shownPath } from "./document/files.ts";
import { nearest } from "./nearest.ts";

/** Larger files, and files behind this many others, are not read. */
const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 200;
const MAX_FILES_BESIDE = 20;
/** What may be there for people, calendars and editors. */
const NO_CONFIG = /\.(md|ics|schema\.json|swp)$/i;

/** A key of a file of jobs at the beginning of a line, or as the key of a JSON file. */
const JOBS_KEY = /^(?: {0,2}|[ \t]*\{\s*)(["']?)(jobs|calendars|defaults)\1\s*:/m;
/** `bellwether.yaml.txt`, `bellwether.production.yaml`, `.bellwether.yaml`. */
const LIKE_SETTINGS = /^\.?bellwether\b/i;

/**
 * Warnings about files in a config directory that are not read although their name, or jobs inside, suggest it. Their
 * jobs would not run, without any message.
 */
export async function findUnreadFiles(configDir: string, files: ConfigFiles): Promise<string[]> {
  const read = new Set([files.settings, ...files.jobs]);
  const folder = path.join(configDir, "jobs");
  const warnings: string[] = [];
  for (const directory of [configDir, folder]) {
    const entries = (await namesIn(directory)).map(name => path.join(directory, name));
    const unread = entries.filter(entry => entry !== folder && !read.has(entry)).slice(0, MAX_FILES);
    for (const entry of unread) {
      const reason =
        directory === folder ? await reasonInFolder(entry, folder) : await reasonInRoot(entry, folder);
      if (reason !== null) warnings.push(`${shownPath(entry)} is not read${reason}`);
    }
  }
  return warnings;
}

/** Without what a ConfigMap's mount and an editor keep beside the files. */
async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter(name => !/^\.[.#]/.test(name)).sort();
}

async function reasonInRoot(entry: string, folder: string): Promise<string | null> {
  const { name: stem, ext, base } = path.parse(entry);
  if (await isDirectory(entry)) return await reasonOfFolder(entry, folder);
  const extension = EXTENSIONS.find(known => known === ext.toLowerCase());
  const guess = nearest(stem, ["jobs", "bellwether"]);
  if (extension !== undefined && guess !== null) return ` (did you mean ${guess}${extension}?)`;
  if (LIKE_SETTINGS.test(base) && !NO_CONFIG.test(base)) return " (did you mean bellwether.yaml?)";
  const found = await jobsKeyOf(entry);
  if (found === null) return null;
  return `, although there are ${found} in it: expected jobs.yaml, or a file in ${shownPath(folder)}`;
}

/** Of another folder beside `jobs`. */
async function reasonOfFolder(entry: string, folder: string): Promise<string | null> {
  if (nearest(path.basename(entry), ["jobs"]) !== null) return " (did you mean jobs?)";
  for (const name of (await namesIn(entry)).slice(0, MAX_FILES_BESIDE)) {
    const found = await jobsKeyOf(path.join(entry, name));
    if (found !== null)
      return `, although there are ${found} in its ${name}: job files stand directly in ${shownPath(folder)}`;
  }
  return null;
}

async function reasonInFolder(entry: string, folder: string): Promise<string | null> {
  const { name: stem, ext, base } = path.parse(entry);
  if (await isDirectory(entry))
    return base.startsWith(".") ? null : `: job files stand directly in ${shownPath(folder)}`;
  const extension = EXTENSIONS.find(known => known === ext.toLowerCase());
  const found = await jobsKeyOf(entry);
  if (found === null) return null;
  if (extension !== undefined && extension !== ext) return ` (did you mean ${stem}${extension}?)`;
  const expected = base.startsWith(".") ? "no dot in front" : "a name that ends in .yaml, .yml or .json";
  return `, although there are ${found} in it: expected ${expected}`;
}

/** The key by which a file looks like one of jobs; null for another one. */
async function jobsKeyOf(entry: string): Promise<string | null> {
  if (NO_CONFIG.test(entry)) return null;
  const read = await readText(entry, MAX_BYTES);
  return "text" in read ? (JOBS_KEY.exec(read.text)?.[2] ?? null) : null;
}
