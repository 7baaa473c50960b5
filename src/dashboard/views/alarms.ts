/** What is wrong, in sentences. Pure. */
import { page } from "../place.ts";
import type { Facets, ReplicaInfo, Status } from "../shapes.ts";
import { counted } from "../words.ts";

export interface Alarm {
  readonly text: string;
  readonly href: string | null;
}

export function alarmsOf(
  status: Status,
  replicas: readonly ReplicaInfo[],
  facets: Facets | null,
): readonly Alarm[] {
  const alarms: Alarm[] = [];
  const say = (isOn: boolean, text: string, href: string | null = null) => {
    if (isOn) alarms.push({ text, href });
  };
  say(status.leader === null, "There is no leader: nothing is launched.");
  const overdue = facets?.overdue ?? 0;
  say(overdue > 0, `${counted(overdue, "job is", "jobs are")} overdue.`, page("jobs", { state: "overdue" }));
  const out = facets?.quarantined ?? 0;
  say(
    out > 0,
    `${counted(out, "job is", "jobs are")} quarantined: the leader cannot launch them.`,
    page("jobs", { state: "quarantined" }),
  );
  say(
    status.stuck.length > 0,
    `${counted(status.stuck.length, "launched run does", "launched runs do")} not start.`,
  );
  for (const { name, paused } of status.queues) {
    say(paused, `Queue ${name} is paused in BullMQ: its runs wait.`);
  }
  const old = replicas.filter(({ tooOld }) => tooOld).length;
  say(old > 0, `${counted(old, "replica carries", "replicas carry")} an old generation and will not lead.`);
  say(
    status.jobsFrom === "local",
    "No leader has stored its jobs yet: these are those of the local configuration.",
  );
  return alarms;
}
