import type { EventMap, EventName } from "../event-map.ts";
import { type Change, type ChangeMap, firstLine, type JobChange } from "./change.ts";

/** What is known of the replica whose events these are. */
export interface EventContext {
  readonly replica: string;
  readonly at: string;
  readonly isLeading: boolean;
}

type Translate<K extends EventName> = (fields: EventMap[K], context: EventContext) => readonly Change[];
type Translations = { readonly [K in EventName]?: Translate<K> };

/** A deploy may change thousands of jobs; the page reads its list again anyway. */
const CHANGED_JOBS = 20;
/** Of a list in the fields of an alarm. */
const ALARM_ITEMS = 20;

/** Alarms and their ends: what an operator should see without asking. */
const ALARMS: ReadonlySet<EventName> = new Set<EventName>([
  "job.overdue",
  "job.silenced",
  "run.stuck",
  "run.unstuck",
  "run.unrecorded",
  "leader.absent",
  "leader.failed",
  "bid.failing",
  "clock.skewed",
  "clock.stepped",
  "config.rejected",
  "config.resolved",
  "config.differs",
  "namespace.shared",
  "redis.lostData",
  "redis.unreachable",
  "redis.connected",
  "redis.warning",
  "etcd.unreachable",
  "etcd.connected",
  "launch.failed",
  "launch.stalled",
  "worker.silent",
  "worker.heard",
]);

const TRANSLATIONS: Translations = {
  "leader.elected": fields => {
    const { leader: replica, term, at, reason, reasonCode, previous, vacantMs, cause } = fields;
    const began = { replica, term, at, reason, reasonCode, previous, vacantMs, cause, ...detailsOf(fields) };
    return [{ type: "leader", data: { what: "elected", ...began } }];
  },
  "leader.resigned": (fields, { replica }) => [endOf(fields, replica)],
  "leader.lost": (fields, { replica }) => [endOf(fields, replica)],
  "job.quarantined": ({ job, reason }) => [jobChange(job, "quarantined", { reason: firstLine(reason) })],
  "job.recovered": ({ job }) => [jobChange(job, "recovered")],
  "job.retired": ({ job }) => [jobChange(job, "retired")],
  "config.loaded": ({ added = [], changed = [], removed = [] }, { isLeading }) => {
    const named = (names: readonly string[], what: JobChange) =>
      names.slice(0, CHANGED_JOBS).map(name => jobChange(name, what));
    if (!isLeading) return [];
    return [...named(added, "added"), ...named(changed, "changed"), ...named(removed, "removed")];
  },
  "run.failed": ({ job, run, error, final }) =>
    final ? [{ type: "run", data: { job, run, error: firstLine(error) } }] : [],
};

/** What an event of this replica changes for those who watch the cluster. */
export function changesOf<K extends EventName>(
  name: K,
  fields: EventMap[K],
  context: EventContext,
): readonly Change[] {
  const translate: Translate<K> | undefined = TRANSLATIONS[name];
  if (translate) return translate(fields, context);
  if (!ALARMS.has(name)) return [];
  const { replica, at } = context;
  return [{ type: "alarm", data: { what: name, replica, at, ...shortened(fields) } }];
}

/** True for what comes in numbers, or before the leader has stored it: it is written with the next counts. */
export function isPending(name: EventName): boolean {
  return name === "run.failed" || name === "config.loaded";
}

function jobChange(name: string, what: JobChange, about: { readonly reason?: string } = {}): Change {
  return { type: "job", data: { name, what, ...about } };
}

function endOf(fields: EventMap["leader.resigned"] | EventMap["leader.lost"], replica: string): Change {
  const { term, at, reason, reasonCode, cause } = fields;
  const ended: ChangeMap["leader"] = { what: "ended", replica, term, at, reason, reasonCode, cause };
  return { type: "leader", data: { ...ended, ...detailsOf(fields) } };
}

function detailsOf({ error, by }: { readonly error?: string; readonly by?: string }) {
  return { ...(error !== undefined && { error: firstLine(error) }), ...(by !== undefined && { by }) };
}

/** Without errors as objects, and with no text or list of any length. */
function shortened(fields: object): Record<string, unknown> {
  const short = (value: unknown): unknown => {
    if (typeof value === "string") return firstLine(value);
    return Array.isArray(value) ? value.slice(0, ALARM_ITEMS).map(short) : value;
  };
  const shown = Object.entries(fields).filter(([name]) => name !== "thrown");
  return Object.fromEntries(shown.map(([name, value]) => [name, short(value)]));
}
