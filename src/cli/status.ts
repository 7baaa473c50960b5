import { readStatus, type Status } from "../client/status.ts";
import { printable } from "../config/document/describe.ts";
import { sizeText } from "../config/schemas/size.ts";
import { type ClusterOptions, either, withReadCluster } from "./cluster-session.ts";
import { follow } from "./follow.ts";
import { EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { renderTable } from "./table.ts";

interface StatusOptions extends ClusterOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** The cursor to the corner, and away with what is below it. */
const CLEAR = "\x1b[H\x1b[J";

/** Shows who leads, the replicas, and each job's last and next tick. */
export async function status(options: StatusOptions, io: Io): Promise<number> {
  if (options.watch) return await watch(options, io);
  const result = await either(
    options,
    io,
    api => api.status(),
    () => withReadCluster(options, io, readStatus),
  );
  io.out(options.json ? jsonText(result, 2) : renderStatus(result));
  return EXIT.done;
}

/** On a terminal each status replaces the one before; elsewhere they are printed one after the other. */
function watch(options: StatusOptions, io: Io): Promise<number> {
  let shown = "";
  const show = (status: Status) => {
    const text = options.json ? jsonText(status) : renderStatus(status);
    if (text === shown) return;
    const between = shown === "" || options.json ? "" : "\n";
    io.out(`${io.isTerminal && !options.json ? CLEAR : between}${text}`);
    shown = text;
  };
  const watchBy = async (read: () => Promise<Status>) => {
    await follow(io, read, show);
    return EXIT.done;
  };
  return either(
    options,
    io,
    api => watchBy(() => api.status()),
    () => withReadCluster(options, io, cluster => watchBy(() => readStatus(cluster))),
  );
}

/** From a server of an older release there is none. */
function historyNotes(history: Status["history"] | undefined): string[] {
  if (!history) return [];
  const { bytes, errorBytes, budgetBytes, folded, dropped, over } = history;
  const about = errorBytes > 0 ? ` ± ${sizeText(errorBytes)}` : "";
  const of = budgetBytes === null ? "" : ` of ${sizeText(budgetBytes)}`;
  const counts = [
    ...(folded > 0 ? [`${folded} completed runs are folded into hourly counts`] : []),
    ...(dropped > 0 ? [`${dropped} other ticks too`] : []),
  ];
  const isOver = over ? ["they are above history.memory, and nothing is left to fold"] : [];
  return [[`histories take ${sizeText(bytes)}${about}${of}`, ...counts, ...isOver].join("; ")];
}

function renderStatus(status: Status): string {
  const { leader, config, provenGeneration, jobsFrom } = status;
  const carries = config ? `, generation ${config.generation}, configuration ${config.hash}` : "";
  const replicas = status.replicas.map(replica => [
    replica.id,
    replica.roles.join(", "),
    String(replica.generation),
    replica.hash,
    replica.tz,
    replica.startedAt,
    replica.leading ? "leads" : replica.tooOld ? "too old to lead" : "",
  ]);
  const jobs = status.jobs.map(job => [
    job.name,
    job.schedule,
    job.timezone,
    job.lastTick ?? "-",
    job.quarantined ? "quarantined" : job.paused ? "paused" : (job.nextTick ?? "never"),
    job.lastRun?.outcome ?? "-",
  ]);
  const notes = [
    ...(status.replicas.some(({ tooOld }) => tooOld)
      ? [`generation ${provenGeneration} has led: replicas of older ones never lead`]
      : []),
    ...(jobsFrom === "local" ? ["no replica has led these jobs yet: they are those of the local files"] : []),
    ...status.jobs.flatMap(({ name, quarantined, silenced }) => [
      ...(quarantined ? [`${name} is quarantined since ${quarantined.since}: ${quarantined.reason}`] : []),
      ...(silenced ? [`${name} is silent until ${silenced.until}: the clock of Redis was ahead`] : []),
    ]),
    ...status.queues.flatMap(({ name, paused }) =>
      paused ? [`queue ${name} is paused in BullMQ: its runs wait until it is resumed there`] : [],
    ),
    ...historyNotes(status.history),
    ...status.stuck.map(({ run, queue, cause, since }) => {
      return `${run} waits in queue ${queue} since ${since} and does not start: ${cause}`;
    }),
  ];
  return [
    leader
      ? `${printable(`${leader.replica} leads since ${leader.since}, term ${leader.term}${carries}`)}\n`
      : "no replica leads\n",
    renderTable(["REPLICA", "ROLES", "GENERATION", "HASH", "TZ DATA", "STARTED", ""], replicas),
    renderTable(["JOB", "SCHEDULE", "TIMEZONE", "LAST TICK", "NEXT TICK", "LAST RUN"], jobs),
    ...notes.map(note => `${printable(note)}\n`),
  ].join("\n");
}
