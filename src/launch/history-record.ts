import { z } from "zod";
import { storedInstant, storedNumber, storedPairs } from "../redis/stored-value.ts";
import { type FoldedHour, foldedHourOf } from "./folded-hour.ts";
import { FOLDED } from "./history-entries.ts";

/** What was done to a job, and when: a row between its ticks. */
export type ActionOutcome = "paused" | "resumed" | "skip-next" | "keep-next" | "rescheduled";

const number = z.string().transform((text, context) => storedNumber(text) ?? refuse(context));
const instant = z.string().transform((text, context) => storedInstant(text) ?? refuse(context));
const instants = z.string().transform((text, context) => {
  return text.split(",").map(part => storedInstant(part) ?? refuse(context));
});
const text = z.string().optional();

function refuse(context: z.RefinementCtx): never {
  context.addIssue("it is not what Bellwether writes");
  return z.NEVER;
}

const decision = z.object({
  tick: instant,
  outcome: z.enum(["launched", "skipped", "missed"]),
  kind: z.enum(["scheduled", "catch-up", "manual", "backfill"]),
  term: number,
  lateMs: number,
  reason: text,
  /** Absent in the records of releases without codes. A later release may have written one that is not known here. */
  reasonCode: text,
  run: text,
  blockedBy: text,
  by: text,
  from: instant.optional(),
  count: number.optional(),
});

/** How a run ended. */
const end = z.object({
  run: z.string(),
  result: z.enum(["completed", "failed"]),
  attempts: number,
  durationMs: number,
  replica: text,
  error: text,
  reasonCode: text,
});

/** A run whose end is not known: it was removed in BullMQ before that, or other programs worked it off and kept nothing. */
const loss = z.object({
  run: z.string(),
  result: z.enum(["removed", "unknown"]),
  reason: text,
  reasonCode: text,
});

const OUTCOMES: ReadonlyMap<string, ActionOutcome> = new Map([
  ["pause", "paused"],
  ["resume", "resumed"],
  ["skip-next", "skip-next"],
  ["keep-next", "keep-next"],
  ["rescheduled", "rescheduled"],
]);

const action = z.object({
  action: z.string().transform((name, context) => OUTCOMES.get(name) ?? refuse(context)),
  at: instant,
  by: text,
  reason: text,
  reasonCode: text,
  ticks: instants.optional(),
  /** Of `rescheduled`: the schedule before it was in force until then. */
  until: instant.optional(),
  /** Of `paused`: when the job resumes by itself. */
  pausedUntil: instant.optional(),
  /** Of `rescheduled`: the schedule before it was not known, and no tick after this was decided by it. */
  after: instant.optional(),
});

export type DecisionRecord = z.output<typeof decision>;
export type EndRecord = z.output<typeof end>;
export type LossRecord = z.output<typeof loss>;
export type ActionRecord = z.output<typeof action>;

export type HistoryRecord =
  | { readonly kind: "decision"; readonly record: DecisionRecord }
  | { readonly kind: "end"; readonly record: EndRecord }
  | { readonly kind: "loss"; readonly record: LossRecord }
  | { readonly kind: "action"; readonly record: ActionRecord }
  | { readonly kind: "folded"; readonly record: FoldedHour };

/** What an entry of a job's history says, or null for one that Bellwether has not written. */
export function historyRecordOf(flat: readonly string[]): HistoryRecord | null {
  if (flat[0] === FOLDED) {
    const [field = "", ...counts] = (flat[1] ?? "").split(" ");
    const record = foldedHourOf(field, counts.join(" "));
    return record && { kind: "folded", record };
  }
  const fields: Partial<Record<string, string>> = Object.fromEntries(storedPairs(flat));
  if (fields["action"]) return tagged("action", action.safeParse(fields));
  if (fields["tick"]) return tagged("decision", decision.safeParse(fields));
  const ended = end.safeParse(fields);
  return ended.success ? tagged("end", ended) : tagged("loss", loss.safeParse(fields));
}

function tagged<K extends HistoryRecord["kind"], T>(kind: K, parsed: z.ZodSafeParseResult<T>) {
  return parsed.success ? { kind, record: parsed.data } : null;
}

const auditRecord = z.object({
  at: instant,
  action: z.string(),
  by: z.string(),
  job: text,
  run: text,
  ticks: text,
  pausedUntil: instant.optional(),
  reason: text,
  reasonCode: text,
});
const backfillCount = number;

/** One thing that an operator did; `ticks` are those that are to be skipped (or not), or how many were filled in. */
export interface AuditRecord extends Omit<z.output<typeof auditRecord>, "ticks"> {
  readonly ticks?: readonly number[] | number | undefined;
}

/** What an entry of the record of what operators did says, or null for one that Bellwether has not written. */
export function auditRecordOf(flat: readonly string[]): AuditRecord | null {
  const parsed = auditRecord.safeParse(Object.fromEntries(storedPairs(flat)));
  if (!parsed.success) return null;
  const { ticks, ...record } = parsed.data;
  if (ticks === undefined) return record;
  const read = (record.action === "backfill" ? backfillCount : instants).safeParse(ticks);
  return read.success ? { ...record, ticks: read.data } : null;
}
