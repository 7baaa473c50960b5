import type { Pause } from "../../launch/controls.ts";
import type { UnknownSpan } from "../../launch/past-epochs.ts";
import type { HistoryRow } from "../../launch/read-history.ts";
import type { RunNote } from "../../redis/replica-registry.ts";
import type { PastPause } from "../../schedule/planned-job.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { ScheduleSpec } from "../../schedule/spec.ts";
import type { TermInfo } from "../terms.ts";

/** Everything that an answer rests on. Instants are epoch ms by Redis's clock. */
export interface WhyFacts {
  readonly job: string;
  readonly nowMs: number;
  /** The schedules of the job, oldest first; each owns the ticks after `fromMs` up to `untilMs`. Empty where none is known. */
  readonly schedules: readonly FactSchedule[];
  /** Times in which no schedule decided ticks. */
  readonly unknownSpans: readonly UnknownSpan[];
  /** What was decided about the instant, and runs that were asked for at it; newest first. */
  readonly rows: readonly HistoryRow[];
  /** Where details of the instant's hour were folded: how many decisions about other ticks of it are on record; otherwise 0. */
  readonly rowsInHour: number;
  /** What was done to the job, newest first. */
  readonly actions: readonly HistoryRow[];
  /** When the oldest entry of the history was written. */
  readonly historySinceMs: number | null;
  /** The newest decided tick of the schedule in force. */
  readonly cursorMs: number | null;
  readonly pause: Pause | null;
  readonly pastPauses: readonly PastPause[];
  /** Ticks that are to be skipped. */
  readonly skips: readonly number[];
  readonly quarantine: {
    readonly sinceMs: number;
    readonly reason: string;
    readonly isCorrupt: boolean;
  } | null;
  /** `maxRuns` is reached. */
  readonly isFinished: boolean;
  /** The job is in the cluster, and not in the configuration that its leader carries. */
  readonly isRemoved: boolean;
  /** The run that ticks of the job wait for. */
  readonly waitsFor: string | null;
  readonly leader: { readonly replica: string; readonly term: number; readonly sinceMs: number } | null;
  /** Newest first, back to the instant. */
  readonly terms: readonly TermInfo[];
  /** Set where no replica may lead: the highest generation that is there, and the one that has proven itself. */
  readonly tooOld: { readonly found: number; readonly proven: number } | null;
  /** What replicas say of runs, oldest first. */
  readonly notes: readonly RunNote[];
}

export interface FactSchedule {
  readonly schedule: Schedule;
  readonly spec: ScheduleSpec;
  readonly scheduleText: string;
  readonly overlap: string;
  readonly maxRuns: number | null;
  readonly fromMs: number;
  /** Infinity for the schedule in force. */
  readonly untilMs: number;
  /** Its newest decided tick. */
  readonly cursorMs: number | null;
}
