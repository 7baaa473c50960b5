import { lstat, mkdir, open, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../errors.ts";
import { FRAMEWORKS } from "./init/embed/frameworks.ts";
import {
  addToPackage,
  type ExistingPackage,
  type ManifestChange,
  type ManifestParts,
  readPackage,
} from "./init/existing-package.ts";
import { ownSpec } from "./init/own-spec.ts";
import {
  dockerFiles,
  embedFiles,
  helmFiles,
  jobFiles,
  projectFiles,
  SCRIPTS,
  serviceFiles,
} from "./init/project-files.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { version } from "./version.ts";

export interface InitOptions {
  readonly json?: boolean;
  readonly docker?: boolean;
  readonly helm?: boolean;
  readonly embed?: keyof typeof FRAMEWORKS;
}

/**
 * Writes a small working project, or adds jobs to a package. No file is overwritten. package.json gets what it lacks, when all
 * files are written. Whatever goes wrong before, nothing is left behind.
 */
export async function init(directory: string, options: InitOptions, io: Io): Promise<number> {
  refuseImages(options);
  const root = path.resolve(io.cwd, directory);
  const existing = await readPackage(root, directory);
  const { files, parts } = planOf({ root, existing, options });
  const names = Object.keys(files);
  await refuseToOverwrite(root, directory, names);
  await writeAll(root, directory, files);
  const change = existing === null ? null : await addToPackage(root, existing, parts);
  if (options.json)
    io.out(`${JSON.stringify({ directory: root, files: names, ...(change && { package: change }) })}\n`);
  else io.out(report(directory, names, change, options));
  return EXIT.done;
}

/** Both are for replicas that do nothing else: a service has an image and a deployment of its own. */
function refuseImages({ embed, docker, helm }: InitOptions): void {
  if (embed === undefined || !(docker || helm)) return;
  const option = docker ? "--docker" : "--helm";
  const why = `${option} is for replicas by themselves, and --embed makes them part of a service, with its image`;
  throw new CliFailure(`${why}: leave out one of the two; nothing was written`, EXIT.usage);
}

interface Plan {
  readonly files: Readonly<Record<string, string>>;
  /** For the package.json that is there. */
  readonly parts: ManifestParts;
}

interface PlanOptions {
  readonly root: string;
  readonly existing: ExistingPackage | null;
  readonly options: InitOptions;
}

function planOf({ root, existing, options: { embed, docker, helm } }: PlanOptions): Plan {
  const [name, spec] = [nameOf(root), ownSpec(root)];
  const extension = existing?.manifest.type === "module" ? ".ts" : ".mts";
  if (embed !== undefined) {
    const template = FRAMEWORKS[embed];
    const { check, next } = SCRIPTS;
    return {
      files: existing === null ? serviceFiles(name, spec, template) : embedFiles(name, extension, template),
      parts: { scripts: { check, next }, dependencies: { bellwether: spec, ...template.dependencies } },
    };
  }
  return {
    files: {
      ...(existing === null ? projectFiles(name, version(), spec) : jobFiles(name, extension)),
      ...(docker && dockerFiles(version())),
      ...(helm && helmFiles(name, version())),
    },
    parts: { scripts: SCRIPTS, dependencies: { bellwether: spec } },
  };
}

function report(
  directory: string,
  files: readonly string[],
  change: ManifestChange | null,
  { embed }: InitOptions,
): string {
  const wrote = files.map(file => `wrote ${path.join(directory, file)}\n`).join("");
  const manifest = path.join(directory, "package.json");
  const line = (what: string, keys: readonly string[]) =>
    keys.length === 0 ? "" : `${what} ${manifest}: ${keys.join(", ")}\n`;
  const changed =
    change === null ? "" : line("added to", change.added) + line("left as they are in", change.left);
  const enter = path.normalize(directory) === "." ? "" : `cd ${directory} && `;
  return `${wrote}${changed}\n${nextSteps(`${enter}npm install`, change !== null, embed)}`;
}

function nextSteps(install: string, isAdded: boolean, embed: InitOptions["embed"]): string {
  if (embed === undefined) return `to see it run: ${install} && npx bellwether dev\n`;
  if (!isAdded) return `to see it run: ${install} && npm start, with a Redis at REDIS_URL or on port 6379\n`;
  return `to install and check it: ${install} && npx bellwether check\nto start it with your service: ${FRAMEWORKS[embed].advice}\n`;
}

const UNUSABLE = /[^a-z0-9.-]+/g;
const NAME_LIMIT = 100;

/** The folder's name, as far as it can name a package and a namespace. */
function nameOf(root: string): string {
  const name = path.basename(root).toLowerCase().replaceAll(UNUSABLE, "-").slice(0, NAME_LIMIT);
  return /\w(?:.*\w)?/.exec(name)?.[0] ?? "jobs";
}

async function refuseToOverwrite(root: string, directory: string, files: readonly string[]): Promise<void> {
  const inTheWay = [
    ...new Set((await Promise.all(files.map(file => findObstacle(root, file)))).filter(at => at !== null)),
  ];
  if (inTheWay.length === 0) return;
  const what = inTheWay.includes("") ? "is not a folder" : `has ${inTheWay.join(", ")} already`;
  throw new CliFailure(`${directory} ${what}; nothing was written`, EXIT.usage);
}

/** What is already where the file or one of its folders would be: its path from the root, "" for the root itself. */
async function findObstacle(root: string, file: string): Promise<string | null> {
  const parts = file.split("/");
  for (let depth = 0; depth <= parts.length; depth++) {
    const at = parts.slice(0, depth).join("/");
    const found = await lstat(path.join(root, at)).catch(() => null);
    if (found === null) return null;
    const isFolder = found.isDirectory() || (found.isSymbolicLink() && depth === 0);
    if (depth === parts.length || !isFolder) return at;
  }
  return null;
}

async function writeAll(
  root: string,
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const [file, content] of Object.entries(files)) {
      const target = path.join(root, file);
      const folder = path.dirname(target);
      const firstMade = await mkdir(folder, { recursive: true });
      if (firstMade !== undefined) undo.push(() => removeFolders(folder, firstMade));
      // wx: a file that was made since the check stays as it is.
      await using handle = await open(target, "wx");
      undo.push(() => rm(target));
      await handle.writeFile(content);
    }
  } catch (error) {
    for (const step of undo.reverse()) await step();
    const why = messageOf(error);
    throw new CliFailure(`cannot write to ${directory}: ${why}; nothing was left behind`);
  }
}

/** From `folder` up to `first`, as far as they are empty. */
async function removeFolders(folder: string, first: string): Promise<void> {
  for (let at = folder; at.length >= first.length; at = path.dirname(at)) {
    await rmdir(at).catch(() => undefined);
  }
}
