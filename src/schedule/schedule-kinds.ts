import { atKind } from "./kinds/at.ts";
import { cronKind } from "./kinds/cron.ts";
import { everyKind } from "./kinds/every.ts";

/** The kinds of schedules, of which a job has exactly one, in the order in which messages name them. */
export const SCHEDULE_KINDS = [cronKind, everyKind, atKind] as const;
