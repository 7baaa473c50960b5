import { SCHEDULE_KINDS } from "../schedule/schedule-kinds.ts";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { exactlyOne } from "./schemas/job-schema.ts";

/** A mistake where a section has none of the keys, or several. `none` says what is found without any of them. */
export function requireOne(
  document: ConfigDocument,
  path: Path,
  keys: readonly string[],
  none: string,
): ConfigIssue[] {
  const section = document.get(path);
  if (!isMapping(section)) return [];
  const given = keys.filter(key => key in section);
  if (given.length === 1) return [];
  const found = given.length === 0 ? none : `found ${given.join(" and ")}`;
  return document.issueAt(path, `${found}, expected ${exactlyOne(keys)}`, "key");
}

/**
 * Keys that the job itself contradicts, so that they can have no effect: the author meant something else. What comes from
 * the `defaults` of the file is for other jobs as well and contradicts nothing.
 */
export function keyConflictsOf(document: ConfigDocument, path: Path): ConfigIssue[] {
  const job = document.get(path);
  if (!isMapping(job)) return [];
  const { catchUp } = job;
  const kinds = SCHEDULE_KINDS.filter(({ key }) => key in job);
  const without = (key: string, reason: string | undefined) =>
    key in job && reason !== undefined
      ? document.issueAt([...path, key], `has no effect with ${reason}: expected only one of them`, "key")
      : [];
  return [
    ...without("catchUpWindow", catchUp === "none" ? "catchUp: none" : undefined),
    ...without(
      "catchUpLimit",
      catchUp === "none" || catchUp === "latest" ? `catchUp: ${catchUp}` : undefined,
    ),
    ...without("dst", kinds.some(kind => kind.asksWallClock) ? undefined : kinds[0]?.key),
  ];
}
