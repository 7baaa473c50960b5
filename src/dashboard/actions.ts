/** What operators can do, each with what its dialog says. */
import { type Action, openAction, type Told, type Values } from "./action.ts";
import { html } from "./html.ts";
import { send } from "./request.ts";
import type { BulkAnswer } from "./shapes.ts";
import { count, counted } from "./words.ts";
import { dayTime, instantOf } from "./zone.ts";

interface JobNamed {
  readonly name: string;
  readonly timezone: string;
}

const REASON = {
  name: "reason",
  label: "Reason (optional)",
  kind: "text",
  help: "Shown wherever the pause is shown.",
} as const;
const UNTIL = { name: "until", label: "Resume by itself at (optional)", kind: "instant" } as const;

export function openTrigger({ name }: JobNamed): void {
  openAction({
    title: `Trigger ${name}`,
    effect: html`Starts 1 run of <b>${name}</b> now, beside its schedule.`,
    fields: [
      {
        name: "data",
        label: "Data (optional)",
        kind: "json",
        help: "JSON. Its fields replace those of the job's own data.",
      },
    ],
    confirm: () => "Start 1 run",
    submit: async ({ data }, key) => {
      const { run } = await post<{ run: string }>(
        job(name, "trigger"),
        data ? { data: parsed(data) } : {},
        key,
      );
      return { text: html`Started run <code>${run}</code>.` };
    },
    audit: { action: "trigger", job: name },
  });
}

export function openPause({ name }: JobNamed): void {
  openAction({
    title: `Pause ${name}`,
    effect: html`From now on no tick of <b>${name}</b> is launched. Each one is recorded as skipped. Runs that exist are not stopped.`,
    fields: [REASON, UNTIL],
    confirm: () => "Pause 1 job",
    submit: async (values, key) => {
      await post(job(name, "pause"), pauseBody(values), key);
      return { text: html`<b>${name}</b> is paused.` };
    },
    audit: { action: "pause", job: name },
  });
}

export function openResume({ name }: JobNamed): void {
  openAction({
    title: `Resume ${name}`,
    effect: html`The next tick of <b>${name}</b> is launched again. Ticks that were skipped stay skipped.`,
    confirm: () => "Resume 1 job",
    submit: async (_values, key) => {
      await post(job(name, "resume"), {}, key);
      return { text: html`<b>${name}</b> is resumed.` };
    },
    audit: { action: "resume", job: name },
  });
}

export function openSkipNext({ name, timezone }: JobNamed): void {
  openAction({
    title: `Skip the next tick of ${name}`,
    effect: html`The next tick of <b>${name}</b> is not launched. It is recorded as skipped; the tick after it is launched.`,
    confirm: () => "Skip 1 tick",
    submit: async (_values, key) => {
      const { skips: tick } = await post<{ skips: string }>(job(name, "skip-next"), {}, key);
      return {
        text: `The tick of ${dayTime(tick, timezone)} will be skipped.`,
      };
    },
    audit: { action: "skip-next", job: name },
  });
}

export function openBackfill({ name, timezone }: JobNamed): void {
  const bodyOf = ({ from, to, overlap, limit }: Values) => ({
    from: instantOf(from ?? ""),
    to: instantOf(to ?? ""),
    ...(overlap === "allow" && { overlap }),
    ...(limit && { limit: Number(limit) }),
  });
  const range = ({ ticks }: { ticks: readonly string[] }, verb: string): Told => ({
    text: html`${verb} <b>${counted(ticks.length, "run")}</b> of <b>${name}</b>.`,
    lines: ticks.map(tick => dayTime(tick, timezone)),
    count: ticks.length,
  });
  openAction({
    title: `Backfill ${name}`,
    effect: "Starts a run for each tick of a past period, whatever became of the tick then.",
    fields: [
      { name: "from", label: "From", kind: "instant", isRequired: true },
      { name: "to", label: "To", kind: "instant", isRequired: true },
      {
        name: "limit",
        label: "At most",
        kind: "number",
        value: "100",
        help: "More runs than this are refused.",
      },
      {
        name: "overlap",
        label: "Side by side",
        kind: "choice",
        choices: [
          ["", "as the job's overlap policy says"],
          ["allow", "allow the runs to overlap"],
        ],
      },
    ],
    preview: async values => {
      if (!values["from"] || !values["to"])
        return { text: "Choose a period to see what would be started.", count: 0 };
      return range(await post(job(name, "backfill"), { ...bodyOf(values), dryRun: true }), "Would start");
    },
    confirm: runs => (runs === null || runs === 0 ? "Start runs" : `Start ${counted(runs, "run")}`),
    isGrave: true,
    submit: async (values, key) => range(await post(job(name, "backfill"), bodyOf(values), key), "Started"),
    audit: { action: "backfill", job: name },
  });
}

export function openRetry(run: string, name: string): void {
  openAction({
    title: "Retry the run",
    effect: html`Run <code>${run}</code> of <b>${name}</b> goes back to its queue, with its data as it was.`,
    confirm: () => "Retry 1 run",
    submit: async (_values, key) => {
      await post(`/runs/${encodeURIComponent(run)}/retry`, {}, key);
      return { text: "The run waits in its queue again." };
    },
    audit: { action: "retry", job: name },
  });
}

export function openCancel(run: string, name: string): void {
  openAction({
    title: "Cancel the run",
    effect: html`Run <code>${run}</code> of <b>${name}</b> is removed from its queue before it has begun. Its tick is not launched again.`,
    confirm: () => "Cancel 1 run",
    isGrave: true,
    submit: async (_values, key) => {
      await post(`/runs/${encodeURIComponent(run)}/cancel`, {}, key);
      return { text: "The run was removed." };
    },
    audit: { action: "cancel", job: name },
  });
}

export function openStepDown(): void {
  openAction({
    title: "Ask the leader to step down",
    effect:
      "The leader resigns, and another replica is elected. Ticks that are due in between are launched late, and none is lost.",
    confirm: () => "Step down",
    isGrave: true,
    submit: async (_values, key) => {
      await post("/stepdown", {}, key);
      return { text: "The leader was asked to step down. The new term shows here when it begins." };
    },
    audit: { action: "stepdown" },
  });
}

/** Which jobs a bulk action is about: those named, or all that match the filters. */
export type Chosen =
  | { readonly names: readonly string[] }
  | { readonly filter: Readonly<Record<string, string>> };

type Bulk = "pause" | "resume" | "trigger";

const BULK: Readonly<Record<Bulk, { title: string; effect: string; done: string; would: string }>> = {
  pause: {
    title: "Pause",
    would: "Would pause",
    done: "Paused",
    effect: "From now on no tick of these jobs is launched.",
  },
  resume: {
    title: "Resume",
    would: "Would resume",
    done: "Resumed",
    effect: "The next ticks of these jobs are launched again.",
  },
  trigger: {
    title: "Trigger",
    would: "Would start a run of",
    done: "Started a run of",
    effect: "Starts a run of each of these jobs now.",
  },
};

export function openBulk(act: Bulk, chosen: Chosen): void {
  const { title, effect, done, would } = BULK[act];
  const tell = (verb: string, { items, count: jobs }: BulkAnswer): Told => {
    const refused = items.filter(({ error }) => error);
    const lines = [
      ...refused.map(refusal),
      ...items.filter(({ error }) => !error).map(({ job: name }) => name),
    ];
    const more =
      refused.length > 0 &&
      html` <b class="is-off">${counted(refused.length, "job was", "jobs were")} refused.</b>`;
    return { text: html`${verb} <b>${counted(jobs, "job")}</b>.${more}`, lines, count: jobs };
  };
  const path = `/jobs:${act}`;
  const action: Action = {
    title: `${title} several jobs`,
    effect,
    ...(act === "pause" && { fields: [REASON, UNTIL] }),
    preview: async () => tell(would, await post(path, { ...chosen, dryRun: true })),
    confirm: jobs => (jobs === null ? title : `${title} ${counted(jobs, "job")}`),
    isGrave: act !== "resume",
    submit: async (values, key) =>
      tell(done, await post(path, { ...chosen, ...(act === "pause" && pauseBody(values)) }, key)),
    audit: { action: act },
  };
  openAction(action);
}

function refusal({ job: name, error }: BulkAnswer["items"][number]): string {
  return `${name}: ${error?.message ?? error?.code}`;
}

function pauseBody({ reason, until }: Values): Record<string, unknown> {
  return { ...(reason && { reason }), ...(until && { until: instantOf(until) }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The data is no JSON: ${count(text.length)} characters that do not parse.`);
  }
}

function job(name: string, act: string): string {
  return `/jobs/${encodeURIComponent(name)}/${act}`;
}

function post<T>(path: string, body: unknown, key?: string): Promise<T> {
  return send<T>("POST", path, body, key);
}
