/** The last one that was formatted: thousands of jobs have the same tick. */
let known = { tickAtMs: Number.NaN, text: "" };

/** `20261123T070000Z`; milliseconds only where the tick has them: `20261123T070000.250Z`. */
export function formatTick(tickAtMs: number): string {
  if (known.tickAtMs !== tickAtMs) known = { tickAtMs, text: format(tickAtMs) };
  return known.text;
}

function format(tickAtMs: number): string {
  const iso = new Date(tickAtMs).toISOString();
  const date = iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 10);
  const time = iso.slice(11, 13) + iso.slice(14, 16) + iso.slice(17, 19);
  return `${date}T${time}${tickAtMs % 1000 === 0 ? "" : iso.slice(19, 23)}Z`;
}

/** The BullMQ job id of a scheduled or caught-up tick; `prefix` is that of a queue of another program (`SharedQueue`). */
export function runIdOf(job: string, tickAtMs: number, prefix = ""): string {
  return `${prefix}${job}@${formatTick(tickAtMs)}`;
}

/** The tick that a run id of `runIdOf` names, as ISO 8601 in UTC. */
export function tickOfRun(run: string): string {
  const tick = run.slice(run.lastIndexOf("@") + 1);
  return tick.replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\.\d{3})?Z$/,
    (_, ...[y, mo, d, h, mi, s, ms = ".000"]) => `${y}-${mo}-${d}T${h}:${mi}:${s}${ms ?? ".000"}Z`,
  );
}

/** The id of a run that an operator asked for; `suffix` names the request (`runSuffixOf`). */
export function manualRunId(job: string, suffix: string, prefix = ""): string {
  return `${prefix}${job}@manual-${suffix}`;
}

/** The id of a run that fills in for a tick of the past; `suffix` names the request (`runSuffixOf`). */
export function backfillRunId(job: string, tickAtMs: number, suffix: string, prefix = ""): string {
  return `${runIdOf(job, tickAtMs, prefix)}~backfill-${suffix}`;
}

/** The job of a run; the id in a queue of another program begins with the namespace. */
export function jobOfRun(run: string, namespace: string): string {
  const own = run.startsWith(`${namespace}~`) ? run.slice(namespace.length + 1) : run;
  const at = own.lastIndexOf("@");
  return at === -1 ? own : own.slice(0, at);
}
