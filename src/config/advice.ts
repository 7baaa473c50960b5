import type { ScheduleKind } from "../schedule/schedule-kind.ts";
import { SCHEDULE_KINDS } from "../schedule/schedule-kinds.ts";
import type { Path } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";

/**
 * What is valid in a job and perhaps not meant: `config/jobs.yaml:3:5 jobs.a.cron: …`. `check` reports it,
 * and the configuration is still accepted.
 */
export function adviceOn(document: ConfigDocument, path: Path): string[] {
  const job = document.get(path);
  if (!isMapping(job)) return [];
  const at = (key: string, text: string) =>
    `${document.placeText([...path, key])} jobs.${path.at(-1)}.${key}: ${text}`;
  const given = SCHEDULE_KINDS.filter(({ key }) => key in job);
  const other = given.find(kind => !kind.asksWallClock)?.key;
  const { timezone, except, lifo, priority } = job;
  const isPrioritized = typeof priority === "number" && priority > 0;
  return [
    ...(lifo === true && isPrioritized ? [at("lifo", "has no effect beside a priority")] : []),
    ...(timezone !== undefined && except === undefined && other !== undefined
      ? [at("timezone", `has no effect with ${other}, which asks no clock on a wall`)]
      : []),
    ...given.flatMap(({ key, advise }: ScheduleKind) =>
      (advise?.(job[key]) ?? []).map(text => at(key, text)),
    ),
  ];
}
