import { createSchedule } from "../../schedule/create-schedule.ts";
import { isoOf } from "../iso.ts";
import type { FactSchedule, WhyFacts } from "./facts.ts";
import type { Cause } from "./why.ts";

interface Judged {
  readonly cause: Cause | null;
  readonly reasonCode: string | null;
}

/** Why the schedule has no tick at the instant, where there is more to say than that. */
export function notATickCause(facts: WhyFacts, owner: FactSchedule, atMs: number): Judged {
  const candidate = owner.schedule.candidate(atMs - 1);
  if (candidate?.at === atMs && candidate.exclusion !== undefined) {
    const { reason } = candidate.exclusion;
    return { cause: { kind: kindOf(reason), reason }, reasonCode: null };
  }
  const dst = clockChange(owner, atMs);
  if (dst !== null) return { cause: { kind: "dst", reason: dst }, reasonCode: null };
  const other = facts.schedules.find(one => one !== owner && one.schedule.next(atMs - 1)?.at === atMs);
  if (other === undefined) return { cause: null, reasonCode: null };
  const isBefore = other.untilMs < atMs;
  const span = isBefore ? { until: isoOf(other.untilMs) } : { since: isoOf(other.fromMs) };
  const reason = `the schedule ${isBefore ? "before" : "after"} it, ${other.scheduleText}, has a tick then`;
  return { cause: { kind: "schedule", ...span, reason }, reasonCode: "schedule_changed" };
}

function kindOf(exclusion: string): Cause["kind"] {
  if (exclusion.startsWith("calendar ")) return "calendar";
  return exclusion.startsWith("except ") ? "except" : "bounds";
}

/** What `dst` took away: a tick that there would be by the other rule. */
function clockChange({ spec }: FactSchedule, atMs: number): string | null {
  const rules = [
    [{ ...spec.dst, gap: "run" }, "dst.gap: skip drops the tick"],
    [{ ...spec.dst, overlap: "both" }, "dst.overlap: first launches at the first pass only"],
  ] as const;
  for (const [dst, why] of rules) {
    const created = createSchedule({ ...spec, dst });
    const tick = created.ok ? created.schedule.next(atMs - 1) : null;
    const what = tick?.note?.replace(/^shifted by \S+: /, "");
    if (tick?.at === atMs) return what === undefined ? why : `${what}, and ${why}`;
  }
  return null;
}
