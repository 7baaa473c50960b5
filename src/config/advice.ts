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
  const other = ["every", "at"].find(key => key in job);
  const { cron, timezone, except } = job;
  const expressions = [cron].flat().filter(text => typeof text === "string");
  return [
    ...(timezone !== undefined && except === undefined && other !== undefined
      ? [at("timezone", `has no effect with ${other}, which asks no clock on a wall`)]
      : []),
    ...expressions.flatMap(text => {
      const days = quartzDays(text);
      return days === null ? [] : [at("cron", days)];
    }),
  ];
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Quartz and its kin count days of the week from 1, which is Sunday, and write `?` in one of the day fields. */
function quartzDays(text: string): string | null {
  const fields = text.trim().split(/\s+/);
  const weekday = fields.at(-1) ?? "";
  const isQuartz = weekday === "2-6" || (fields.includes("?") && /^[0-7](-[0-7])?$/.test(weekday));
  if (!isQuartz) return null;
  const days = weekday.split("-").map(day => DAYS[Number(day)]);
  const named = days.map(day => day?.slice(0, 3).toUpperCase()).join("-");
  return `"${text}" looks like Quartz, which counts the days of the week from Sunday as 1: here ${weekday} is ${days.join(" to ")} (as ${named} it says so)`;
}
