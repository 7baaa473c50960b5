import { randomBytes } from "node:crypto";

/** `20261123T070000Z`; milliseconds only where the tick has them: `20261123T070000.250Z` (DESIGN §4.4). */
export function formatTick(tickAt: number): string {
  const iso = new Date(tickAt).toISOString().replaceAll(/[-:]/g, "");
  return tickAt % 1000 === 0 ? iso.replace(/\.\d+Z$/, "Z") : iso;
}

/** The BullMQ job id of a scheduled or caught-up tick. */
export function runIdOf(job: string, tickAt: number): string {
  return `${job}@${formatTick(tickAt)}`;
}

/** A fresh id for a run that somebody asked for. */
export function manualRunId(job: string): string {
  return `${job}@manual-${randomBytes(6).toString("hex")}`;
}
