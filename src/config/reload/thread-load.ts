import { EventEmitter, on } from "node:events";
import { existsSync } from "node:fs";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { Turns } from "../../clock/turns.ts";
import { Aborted } from "../../clock/unless-aborted.ts";
import type { Config, Job } from "../config.ts";
import { deepFreeze } from "../freeze.ts";
import { rememberHash } from "../hash.ts";
import { rememberIndex } from "../job-index.ts";
import { JobPlaces } from "../job-places.ts";
import type { LoadOptions, LoadResult } from "../load.ts";
import type { PolicySources } from "../policy-sources.ts";
import { digestsOf, type LoadedBase, unusable } from "./loaded-base.ts";
import { JobUnpacker, type SourcedJob } from "./packed-jobs.ts";
import type { ThreadBase, ThreadMessage } from "./thread-messages.ts";

export interface ThreadOptions {
  /** The program of the thread. */
  readonly file: URL;
  /** After this long a thread that has not ended has failed. */
  readonly limitMs: number;
  readonly resourceLimits?: ResourceLimits | undefined;
}

export type ThreadOutcome =
  /** No thread can be started here. */
  | { readonly outcome: "unavailable" }
  | { readonly outcome: "failed"; readonly error: unknown }
  | { readonly outcome: "refused"; readonly result: LoadResult }
  | { readonly outcome: "loaded"; readonly result: LoadResult; readonly base: LoadedBase };

export interface ThreadLoadOptions {
  readonly base: LoadedBase;
  readonly thread: ThreadOptions;
  /** Ends the load, which rejects with `Aborted` then. */
  readonly signal: AbortSignal;
}

/** Reads the configuration in a thread, and takes from it what is not as in the base. */
export async function loadInThread(
  options: LoadOptions,
  { base, thread, signal }: ThreadLoadOptions,
): Promise<ThreadOutcome> {
  if (signal.aborted) throw new Aborted();
  const worker = startThread(options, thread);
  if (worker === null) return { outcome: "unavailable" };
  const limit = AbortSignal.timeout(thread.limitMs);
  // An error may overtake messages that were sent before it. The exit comes behind them.
  let failure: unknown = new Error("it has ended");
  worker.on("error", error => {
    failure = error;
  });
  const told = new EventEmitter();
  worker.on("message", message => told.emit("message", message));
  worker.on("exit", () => told.emit("exit"));
  const messages = on(told, "message", { signal: AbortSignal.any([signal, limit]), close: ["exit"] });
  const receive = async <K extends ThreadMessage["kind"]>(...kinds: readonly K[]) => {
    const { value, done } = await messages.next();
    if (done) throw failure;
    const message = value[0] as ThreadMessage;
    if (!kinds.some(kind => kind === message.kind)) throw new Error(`it sent ${message.kind}`);
    return message as Extract<ThreadMessage, { kind: K }>;
  };
  let isReady = false;
  let isDone = false;
  try {
    await receive("ready");
    isReady = true;
    const digests = await digestsOf(base);
    const names = base.config.jobs.map(job => job.name).join("\n");
    const first: ThreadBase = { names, digests: new BigUint64Array(digests) };
    worker.postMessage(first);
    const answer = await receive("loaded", "refused");
    if (answer.kind === "refused") {
      isDone = true;
      const { issues, files } = answer.result;
      return { outcome: "refused", result: unusable(base, issues, files) };
    }
    const changed = await receiveJobs(answer.order, async () => {
      worker.postMessage("next");
      return (await receive("page")).page;
    });
    isDone = true;
    const config = await configOf(answer, { base: base.config, changed });
    const { digests: newDigests, files, warnings } = answer;
    return {
      outcome: "loaded",
      base: { config, digests: newDigests, files },
      result: { ok: true, config, warnings, files, advice: () => [] },
    };
  } catch (error) {
    if (signal.aborted) throw new Aborted();
    if (!isReady && !limit.aborted) return { outcome: "unavailable" };
    return {
      outcome: "failed",
      error: limit.aborted ? new Error(`it took longer than ${thread.limitMs} ms`) : error,
    };
  } finally {
    // One that has sent everything ends by itself: a process died once where one was ended, and why is not known.
    if (!isDone) void worker.terminate();
    void messages.return?.();
  }
}

function startThread(options: LoadOptions, { file, resourceLimits }: ThreadOptions): Worker | null {
  if (!existsSync(file)) return null;
  const { configDir, codeJobs, env, jobsDir } = options;
  // Without its functions.
  const inCode = codeJobs && { place: codeJobs.place, value: codeJobs.value, issues: codeJobs.issues ?? [] };
  const workerData: LoadOptions = { configDir, codeJobs: inCode, env: { ...env }, jobsDir };
  try {
    // Without the hooks of the program, which are for its own modules.
    return new Worker(file, { workerData, execArgv: [], ...(resourceLimits && { resourceLimits }) });
  } catch {
    // The machine gives no thread, or jobs in code hold what cannot be sent.
    return null;
  }
}

type Loaded = Extract<ThreadMessage, { kind: "loaded" }>;
type Page = Extract<ThreadMessage, { kind: "page" }>["page"];

/** The jobs that are new or changed, in their order. */
async function receiveJobs(order: Loaded["order"], nextPage: () => Promise<Page>): Promise<SourcedJob[]> {
  const wanted = order.reduce((count, index) => count + (index < 0 ? 1 : 0), 0);
  const unpacker = new JobUnpacker();
  const changed: SourcedJob[] = [];
  const turns = new Turns();
  while (changed.length < wanted) {
    const page = await nextPage();
    unpacker.take(page);
    for (const packed of page.jobs) changed.push(unpacker.unpack(packed));
    await turns.turn();
  }
  return changed;
}

interface Parts {
  readonly base: Config;
  readonly changed: readonly SourcedJob[];
}

async function configOf({ settings, places, order }: Loaded, { base, changed }: Parts): Promise<Config> {
  const jobs: Job[] = [];
  const policySources: PolicySources[] = [];
  const index = new Map<string, Job>();
  const turns = new Turns();
  let next = 0;
  for (const at of order) {
    const known = at < 0 ? changed[next++] : { job: base.jobs[at], sources: base.policySources[at] };
    if (known?.job === undefined || known.sources === undefined)
      throw new Error("it names jobs that are not there");
    jobs.push(known.job);
    policySources.push(known.sources);
    index.set(known.job.name, known.job);
    if (turns.isOver()) await turns.turn();
  }
  Object.freeze(jobs);
  // Made here in short stretches: the first caller would make them in one.
  rememberIndex(jobs, index);
  rememberHash(jobs, settings.hash);
  return Object.freeze({
    ...deepFreeze(settings),
    jobs,
    policySources: Object.freeze(policySources),
    jobPlaces: await jobPlacesOf(places),
  });
}

async function jobPlacesOf(places: Loaded["places"]): Promise<JobPlaces> {
  const { parseConfigDocument } = await import("../document/parse-document.ts");
  return new JobPlaces({ ...places, parse: places.files.length === 0 ? null : parseConfigDocument });
}
