import { readdir } from "node:fs/promises";
import path from "node:path";
import { type ConfigFiles, EXTENSIONS, isDirectory, readText, shownPath } from "./document/files.ts";
import { nearest } from "./nearest.ts";

/** Larger files, and files behind this many others, are not read. */
const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 200;

/** `jobs:` at the beginning of a line, or as the key of a JSON file. */
const JOBS_KEY = /^\s{0,2}\{?\s*(["']?)jobs\1\s*:/m;

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
  if (await isDirectory(entry)) return nearest(base, ["jobs"]) === null ? null : " (did you mean jobs?)";
  const extension = EXTENSIONS.find(known => known === ext.toLowerCase());
  const guess = nearest(stem, ["jobs", "bellwether"]);
  if (extension !== undefined && guess !== null) return ` (did you mean ${guess}${extension}?)`;
  if (!(await hasJobs(entry))) return null;
  return `, although there are jobs in it: expected jobs.yaml, or a file in ${shownPath(folder)}`;
}

async function reasonInFolder(entry: string, folder: string): Promise<string | null> {
  const { name: stem, ext, base } = path.parse(entry);
  if (await isDirectory(entry))
    return base.startsWith(".") ? null : `: job files stand directly in ${shownPath(folder)}`;
  const extension = EXTENSIONS.find(known => known === ext.toLowerCase());
  if (!(await hasJobs(entry))) return null;
  if (extension !== undefined && extension !== ext) return ` (did you mean ${stem}${extension}?)`;
  const expected = base.startsWith(".") ? "no dot in front" : "a name that ends in .yaml, .yml or .json";
  return `, although there are jobs in it: expected ${expected}`;
}

async function hasJobs(entry: string): Promise<boolean> {
  if (/\.(md|ics)$/i.test(entry)) return false;
  const read = await readText(entry, MAX_BYTES);
  return "text" in read && JOBS_KEY.test(read.text);
}
