import { SCHEDULE_KINDS } from "../schedule/schedule-kinds.ts";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";

type Written = Readonly<Record<string, unknown>>;

interface KeyConflict {
  /** The key that can have no effect. */
  readonly key: string;
  /** What else the job itself says that takes away the effect. */
  readonly because: (job: Written) => string | null;
}

const KEY_CONFLICTS: readonly KeyConflict[] = [
  { key: "catchUpWindow", because: job => (job["catchUp"] === "none" ? "catchUp: none" : null) },
  {
    key: "catchUpLimit",
    because: job => (isOneOf(job["catchUp"], ["none", "latest"]) ? `catchUp: ${job["catchUp"]}` : null),
  },
  {
    key: "dst",
    because: job => {
      const given = SCHEDULE_KINDS.filter(({ key }) => key in job);
      return given.some(kind => kind.asksWallClock) ? null : (given[0]?.key ?? null);
    },
  },
];

/**
 * Keys that the job itself contradicts: the author meant something else. What comes from the `defaults` of the file is
 * for other jobs as well and contradicts nothing.
 */
export function keyConflictsOf(document: ConfigDocument, path: Path): ConfigIssue[] {
  const job = document.get(path);
  if (!isMapping(job)) return [];
  return KEY_CONFLICTS.flatMap(({ key, because }) => {
    const reason = key in job ? because(job) : null;
    if (reason === null) return [];
    const problem = `has no effect with ${reason}: expected only one of them`;
    return document.issueAt([...path, key], problem, "key") ?? [];
  });
}

function isOneOf(value: unknown, choices: readonly string[]): boolean {
  return typeof value === "string" && choices.includes(value);
}
