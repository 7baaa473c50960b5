import type { LaunchRecord } from "./launch-record.ts";
import type { HandledLine } from "./run-files.ts";
import { writtenAt } from "./surviving-stream.ts";
import type { Moment, Timeline } from "./timeline.ts";
import type { QueueEvent } from "./verdict.ts";

export interface StorySources {
  readonly record: Pick<LaunchRecord, "events" | "vanished">;
  readonly handled: readonly HandledLine[];
  readonly timeline: Timeline;
}

/** What the handlers' record and the stream, the vanished part included, say of a run. */
export function storyOf(run: string, { record, handled, timeline }: StorySources): Moment[] {
  const told = (events: readonly QueueEvent[], suffix: string) =>
    events
      .filter(event => event.run === run)
      .map(({ id, event, term }) => ({
        atMs: timeline.atEpoch(writtenAt({ id })),
        what: `${run}: ${event}${term === null ? "" : ` in term ${term}`}${suffix}`,
      }));
  const calls = handled
    .filter(line => line.run === run)
    .map(({ at, attempt, replica }) => ({
      atMs: timeline.atEpoch(at),
      what: `${run}: handler called by ${replica}, attempt ${attempt}`,
    }));
  return [...told(record.events, ""), ...told(record.vanished, " (vanished in a failover)"), ...calls];
}
