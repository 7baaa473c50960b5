import { readStatus, type Status } from "../client/status.ts";
import { printable } from "../config/document/describe.ts";
import { withReadCluster } from "./cluster-session.ts";
import { follow } from "./follow.ts";
import { EXIT, type Io } from "./io.ts";
import type { ProjectOptions } from "./project.ts";
import { renderTable } from "./table.ts";

interface StatusOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** The cursor to the corner, and away with what is below it. */
const CLEAR = "\x1b[H\x1b[J";

/** Shows who leads, the replicas, and each job's last and next tick. */
export async function status(options: StatusOptions, io: Io): Promise<number> {
  if (options.watch) return await watch(options, io);
  const result = await withReadCluster(options, io, readStatus);
  io.out(options.json ? `${JSON.stringify(result, null, 2)}\n` : renderStatus(result));
  return EXIT.done;
}

/** On a terminal each status replaces the one before; elsewhere they are printed one after the other. */
function watch(options: StatusOptions, io: Io): Promise<number> {
  let shown = "";
  const show = (status: Status) => {
    const text = options.json ? `${JSON.stringify(status)}\n` : renderStatus(status);
    if (text === shown) return;
    const between = shown === "" || options.json ? "" : "\n";
    io.out(`${io.isTerminal && !options.json ? CLEAR : between}${text}`);
    shown = text;
  };
  return withReadCluster(options, io, async cluster => {
    await follow(io, () => readStatus(cluster), show);
    return EXIT.done;
  });
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
    ...status.stuck.map(({ run, queue, cause, since }) => {
      return `${run} waits in queue ${queue} since ${since} and does not start: ${cause}`;
    }),
  ];
  return [
    leader
      ? `${leader.replica} leads since ${leader.since}, term ${leader.term}${carries}\n`
      : "no replica leads\n",
    renderTable(["REPLICA", "ROLES", "GENERATION", "HASH", "TZ DATA", "STARTED", ""], replicas),
    renderTable(["JOB", "SCHEDULE", "TIMEZONE", "LAST TICK", "NEXT TICK", "LAST RUN"], jobs),
    ...notes.map(note => `${printable(note)}\n`),
  ].join("\n");
}
