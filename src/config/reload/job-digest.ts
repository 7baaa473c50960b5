import { hash } from "node:crypto";
import type { Calendar } from "../../schedule/calendar.ts";
import type { Job } from "../config.ts";
import { definitionText } from "../hash.ts";
import type { PolicySources } from "../policy-sources.ts";

/**
 * Equal when nothing of a job has changed: neither its definition, nor where its policies are written, nor the names of the
 * events in its calendars.
 */
export function jobDigest(job: Job, sources: PolicySources): bigint {
  const calendars = Object.values(job.spec.calendars ?? {}).map(textOf);
  const text = [definitionText(job), textOf(sources), ...calendars].join("\n");
  return hash("sha256", text, "buffer").readBigUInt64LE();
}

const texts = new WeakMap<object, string>();

/** Remembered: many jobs share them. */
function textOf(shared: PolicySources | Calendar): string {
  const known = texts.get(shared);
  if (known !== undefined) return known;
  const text = JSON.stringify("stretches" in shared ? [shared.label, shared.stretches] : shared);
  texts.set(shared, text);
  return text;
}
