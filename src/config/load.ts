import path from "node:path";
import { readCalendars } from "./calendars.ts";
import type { Config, Job } from "./config.ts";
import { type Connection, readConnection } from "./connection.ts";
import { codeDocument } from "./document/code-document.ts";
import { type ConfigIssue, fileIssue, sortIssues } from "./document/config-issue.ts";
import { type ConfigDocument, type DocumentResult, isMapping } from "./document/document.ts";
import type { Environment, ReferenceSources } from "./document/environment.ts";
import { type ConfigFiles, findConfigFiles, isDirectory, readText, shownPath } from "./document/files.ts";
import { SecretFiles } from "./document/secret-files.ts";
import { deepFreeze } from "./freeze.ts";
import { hashJobs } from "./hash.ts";
import { JobPlaces, placesInCode } from "./job-places.ts";
import { type JobsResult, type NamedHandler, readJobs } from "./jobs.ts";
import { keysAt } from "./schemas/json-schema.ts";
import { DEFAULT_CONCURRENCY } from "./schemas/schema.ts";
import {
  ABSENT_SETTINGS,
  declaredQueues,
  prefixedQueues,
  readSettings,
  refusedHandlers,
  type Settings,
  unconsumedQueues,
} from "./settings.ts";
import { findUnreadFiles } from "./unread-files.ts";
import type { Validation } from "./validate.ts";

export { type ConfigIssue, formatIssue } from "./document/config-issue.ts";

export interface LoadOptions {
  /** Where bellwether.yaml and jobs.yaml or jobs/ are; with `config`, what paths of calendars are relative to. */
  readonly configDir: string;
  /** An object in place of the files: what bellwether.yaml and a jobs file may have, together. */
  readonly config?: CodePart | undefined;
  /** Jobs beside those, as a jobs file has them. */
  readonly codeJobs?: CodePart | undefined;
  /** What `${NAME}` reads; usually `process.env`. `${file:…}` reads files. */
  readonly env: Environment;
  /** Where handler modules are looked for; without it `jobs` beside the config directory, else `./jobs`. */
  readonly jobsDir?: string | undefined;
}

/** A part of the configuration that is given in code. */
export interface CodePart {
  /** What mistakes show in place of a file: `new Bellwether({ jobs })`. */
  readonly place: string;
  readonly value: unknown;
  /** Mistakes that were found before. */
  readonly issues?: readonly ConfigIssue[];
}

export type LoadResult = (
  | {
      readonly ok: true;
      readonly config: Config;
      /** Files that are not read although they look as if they should be, and settings without effect. */
      readonly warnings: readonly string[];
      /** Searches for what is valid and perhaps not meant. It keeps the text of the files for that. */
      readonly advice: () => readonly string[];
    }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[]; readonly usable: UsableParts }
) & {
  /** Every file that the result depends on, calendars and secrets too, also one that could not be read. Absolute. */
  readonly files: readonly string[];
};

/** What of a configuration with mistakes can be used all the same. */
export interface UsableParts {
  /** Null where it is not certain. */
  readonly connection: { readonly [K in keyof Connection]: Connection[K] | null };
  /** The handlers without mistakes, whatever else is wrong with their jobs. */
  readonly handlers: readonly NamedHandler[];
  readonly jobPlaces: Config["jobPlaces"];
  readonly jobsDir: string;
}

const NAMED_UNREAD = 3;
const NO_FILES: ConfigFiles = { settings: null, isSettingsUncertain: false, jobs: [], issues: [] };

/**
 * Reads the whole configuration: a frozen `Config`, or all mistakes together in the order of the files. It does not
 * throw, whatever the files hold. It reads nothing but the config directory, `env`, and the files that `${file:…}`
 * names, which may lie anywhere.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadResult> {
  const { configDir, config: given, codeJobs, env, jobsDir } = options;
  const directory = path.resolve(configDir);
  const files = given ? NO_FILES : await findConfigFiles(directory);
  const secrets = new SecretFiles();
  const sources = { env, readSecret: secrets.read };
  const inCode = given ? splitConfig(given, env) : null;
  const settingsDocument = inCode?.settings ?? (await openSettings(files.settings, directory, sources));
  const jobDocuments = [
    ...(inCode ? [inCode.jobs] : await Promise.all(files.jobs.map(file => open(file, sources)))),
    ...(codeJobs ? [codeDocument({ ...codeJobs, env })] : []),
  ];
  const settings = settingsDocument.ok ? readSettings(settingsDocument.document) : settingsDocument;
  const documents = documentsOf(jobDocuments);
  const calendars = await readCalendars(documents, directory);
  const jobs = readJobs(documents, {
    calendars: calendars.byName,
    isPartial: files.issues.length > 0 || jobDocuments.some(({ ok }) => !ok),
    queues: {
      file: given?.place ?? shownPath(files.settings ?? path.join(directory, "bellwether.yaml")),
      names: settingsDocument.ok ? declaredQueues(settingsDocument.document) : null,
      prefixed: settingsDocument.ok ? prefixedQueues(settingsDocument.document) : [],
      unconsumed: settingsDocument.ok ? unconsumedQueues(settingsDocument.document) : [],
      refusedHandlers: settingsDocument.ok ? refusedHandlers(settingsDocument.document) : [],
    },
  });
  const settingsFiles = files.settings === null ? [] : [files.settings];
  const read = [...settingsFiles, ...files.jobs, ...calendars.files, ...secrets.paths];
  const issues = [
    ...files.issues,
    ...(settings.ok ? [] : settings.issues),
    ...jobDocuments.flatMap(result => (result.ok ? [] : result.issues)),
    ...calendars.issues,
    ...jobs.issues,
    ...(codeJobs?.issues ?? []),
  ];
  if (jobDocuments.length === 0 && files.issues.length === 0)
    issues.push(noJobsFile(directory, await findUnreadFiles(directory, files)));
  const places = new JobPlaces({
    files: files.jobs,
    inCode: placesInCode(documents),
    // With the YAML parser, which programs without files do without.
    parse:
      files.jobs.length === 0 ? null : (await import("./document/parse-document.ts")).parseConfigDocument,
  });
  const handlersDir = await findJobsDir(given ? null : directory, jobsDir);
  if (!settings.ok || issues.length > 0) {
    const order = [files.settings ?? "", ...files.jobs].map(shownPath);
    const usable = {
      connection: connectionOf(settingsDocument, settings, files),
      handlers: [...jobs.jobs.flatMap(namedHandler), ...jobs.otherHandlers],
      jobPlaces: places,
      jobsDir: handlersDir,
    };
    return { ok: false, issues: sortIssues(issues, order), usable, files: read };
  }
  const config = configOf(settings.value, jobs, { jobsDir: handlersDir, jobPlaces: places });
  const warnings = given ? [] : await findUnreadFiles(directory, files);
  return { ok: true, config: deepFreeze(config), warnings, advice: jobs.advice, files: read };
}

function connectionOf(
  document: DocumentResult,
  settings: Validation<Settings>,
  files: ConfigFiles,
): UsableParts["connection"] {
  if (!document.ok || files.isSettingsUncertain) return { namespace: null, redis: null };
  return settings.ok ? settings.value : readConnection(document.document, settings.issues);
}

/** An object has the keys of both files, which have none in common. */
function splitConfig({ place, value }: CodePart, env: Environment) {
  const entries = isMapping(value) ? Object.entries(value) : [];
  const part = (isMeant: (key: string) => boolean) =>
    isMapping(value) ? Object.fromEntries(entries.filter(([key]) => isMeant(key))) : value;
  const keys = keysAt("jobs", []);
  const isOfJobs = (key: string) => keys.includes(key);
  const settings = part(key => !isOfJobs(key));
  return {
    settings: codeDocument({ place, value: settings, env, absent: ABSENT_SETTINGS }),
    jobs: codeDocument({ place, value: part(isOfJobs), env }),
  };
}

/** Without the file everything has its default, which may still read the environment. */
async function openSettings(
  file: string | null,
  directory: string,
  sources: ReferenceSources,
): Promise<DocumentResult> {
  if (file !== null) return await open(file, sources, ABSENT_SETTINGS);
  const place = shownPath(path.join(directory, "bellwether.yaml"));
  return codeDocument({ place, value: {}, env: sources.env, absent: ABSENT_SETTINGS });
}

async function open(
  file: string,
  sources: ReferenceSources,
  absent: Readonly<Record<string, unknown>> = {},
): Promise<DocumentResult> {
  const shown = shownPath(file);
  const read = await readText(file);
  if ("problem" in read) return { ok: false, issues: [fileIssue(shown, read.problem)] };
  // With the YAML parser, which programs without files do without.
  const { parseConfigDocument } = await import("./document/parse-document.ts");
  return parseConfigDocument({ file: shown, text: read.text, ...sources, absent });
}

function documentsOf(results: readonly DocumentResult[]): ConfigDocument[] {
  return results.flatMap(result => (result.ok ? [result.document] : []));
}

function noJobsFile(directory: string, unread: readonly string[]): ConfigIssue {
  const shown = shownPath(path.join(directory, "jobs.yaml"));
  const problem = "there are no jobs: expected this file, or files in the folder jobs beside it";
  return fileIssue(shown, [problem, ...unread.slice(0, NAMED_UNREAD)].join("; "));
}

const NO_LIMITS = { globalConcurrency: undefined, limiter: undefined, shared: undefined };

function namedHandler({ name, handler }: Job): NamedHandler[] {
  return handler === null ? [] : [{ name, handler }];
}

function configOf(
  settings: Settings,
  { jobs: read, sources }: JobsResult,
  surroundings: Pick<Config, "jobsDir" | "jobPlaces">,
): Config {
  const used = [...new Set(read.map(job => job.queue))].map(
    queue => [queue, { concurrency: DEFAULT_CONCURRENCY, consume: true, ...NO_LIMITS }] as const,
  );
  const jobs = read.map((job): Job => {
    const sharedQueue = settings.queues[job.queue]?.shared;
    return sharedQueue === undefined ? job : Object.freeze({ ...job, sharedQueue });
  });
  return {
    ...settings,
    queues: { ...Object.fromEntries(used), ...settings.queues },
    jobs,
    hash: hashJobs(jobs),
    policySources: sources,
    ...surroundings,
  };
}

async function findJobsDir(configDir: string | null, jobsDir: string | undefined): Promise<string> {
  if (jobsDir !== undefined) return path.resolve(jobsDir);
  if (configDir === null) return path.resolve("jobs");
  const beside = path.join(path.dirname(configDir), "jobs");
  return (await isDirectory(beside)) ? beside : path.resolve("jobs");
}
