import { type ChaosJob, EACH_SECOND } from "./chaos-jobs.ts";
import { calendarException, cronException } from "./exceptions.ts";

export interface EditedJob {
  readonly name: string;
  /** The first one is the one at the start. */
  readonly versions: readonly Omit<ChaosJob, "name">[];
}

/** Jobs that change, by edits of the files of running replicas and by deploys. */
export const EDITED: readonly EditedJob[] = [
  {
    name: "edited-period",
    versions: [EACH_SECOND, { ...EACH_SECOND, periodMs: 700 }, { ...EACH_SECOND, periodMs: 1_500 }],
  },
  {
    name: "edited-jitter",
    versions: [
      { ...EACH_SECOND, jitterMs: 2_500 },
      EACH_SECOND,
      { ...EACH_SECOND, periodMs: 800, jitterMs: 1_500 },
    ],
  },
  {
    name: "edited-policy",
    versions: [EACH_SECOND, { ...EACH_SECOND, catchUp: "none" }, { ...EACH_SECOND, catchUp: "latest" }],
  },
  {
    name: "edited-except",
    versions: [
      EACH_SECOND,
      { ...EACH_SECOND, except: cronException(0, 30) },
      { ...EACH_SECOND, except: cronException(15, 45) },
    ],
  },
  {
    name: "edited-calendar",
    versions: [
      { ...EACH_SECOND, except: calendarException(0, 20) },
      { ...EACH_SECOND, except: calendarException(30, 50) },
      { ...EACH_SECOND, except: calendarException(10, 15) },
    ],
  },
  {
    // Raised after the job has finished and before it has, lowered below and above what was launched.
    name: "edited-max-runs",
    versions: [20, 60, 40, 120, 80, 240, 160, 480].map(maxRuns => ({ ...EACH_SECOND, maxRuns })),
  },
];
