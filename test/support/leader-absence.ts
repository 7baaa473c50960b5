import type { Clock } from "../../src/clock/clock.ts";
import { AbsenceAlarm } from "../../src/election/absence-alarm.ts";
import type { Events } from "../../src/events.ts";

/** Reports that there is no leader, as a replica has it. */
export function leaderAbsence(clock: Clock, events: Events, leaseTtlMs: number): AbsenceAlarm {
  const raise = (forMs: number, error: string) => events.emit("leader.absent", { forMs, error });
  return new AbsenceAlarm({ clock, leaseTtlMs, raise });
}
