/**
 * A thread that reads a large configuration once, beside a replica that goes on with the one before, and sends what of it is
 * new: config-loader.ts starts it. All else is by number, so that the replica's event loop copies little.
 */
import { on } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { rememberTexts } from "../hash.ts";
import { type LoadOptions, type LoadResult, loadConfig } from "../load.ts";
import { jobDigest } from "./job-digest.ts";
import { JobPacker, type SourcedJob } from "./packed-jobs.ts";
import type { ThreadBase, ThreadMessage } from "./thread-messages.ts";

/** Jobs in a page: read in some milliseconds. */
const JOBS_A_PAGE = 200;

const port = parentPort;
if (port === null) throw new Error("This file is a thread of Bellwether, and no program.");
const send = (message: ThreadMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
/** The base, then a request for each page. */
const requests = on(port, "message");
send({ kind: "ready" });
rememberTexts();
const result = await loadConfig(workerData as LoadOptions);
const base = (await requests.next()).value?.[0] as ThreadBase;
if (result.ok) await sendConfig(result, base);
else send({ kind: "refused", result: { issues: result.issues, files: result.files } });
port.close();

async function sendConfig(
  { config, ...loaded }: Extract<LoadResult, { ok: true }>,
  base: ThreadBase,
): Promise<void> {
  const { jobs, jobPlaces, policySources, ...settings } = config;
  const before = new Map(base.names.split("\n").map((name, index) => [name, index]));
  const order = new Int32Array(jobs.length);
  const digests = new BigUint64Array(jobs.length);
  const changed: SourcedJob[] = [];
  for (const [i, job] of jobs.entries()) {
    const sources = policySources[i] ?? {};
    const digest = jobDigest(job, sources);
    const index = before.get(job.name) ?? -1;
    digests[i] = digest;
    order[i] = index >= 0 && base.digests[index] === digest ? index : -1;
    if (order[i] === -1) changed.push({ job, sources });
  }
  const { warnings, files } = loaded;
  send({ kind: "loaded", settings, places: jobPlaces.origin, warnings, files, order, digests }, [
    order.buffer,
    digests.buffer,
  ]);
  const packer = new JobPacker();
  for (let from = 0; from < changed.length; from += JOBS_A_PAGE) {
    await requests.next();
    send({ kind: "page", page: packer.pack(changed.slice(from, from + JOBS_A_PAGE)) });
  }
}
