import { cpus, loadavg } from "node:os";
import { percentile } from "../support/percentile.ts";
import type { BellwetherOutcome } from "./bellwether.ts";
import type { Lateness, Outcome, RollingOptions } from "./outcome.ts";
import type { SchedulersOutcome } from "./schedulers.ts";

export interface Report {
  readonly options: RollingOptions;
  readonly bellwether: BellwetherOutcome;
  readonly schedulers: SchedulersOutcome | null;
}

interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** A tick belongs to a handoff that is no further away. */
const NEAR_MS = 1_000;

export function toJson({ options, bellwether, schedulers }: Report) {
  const { store, order, replicas, rounds, jobs, isSameInstant } = options;
  const { verdict, handoffs, lateness, startedMs, returned } = bellwether;
  return {
    store,
    order,
    replicas,
    rounds,
    jobs: jobs.length,
    isSameInstant,
    machine: { cores: cpus().length, load: loadavg() },
    bellwether: {
      ...common(bellwether),
      latenessNearHandoffsMs: quantilesOf(nearHandoffs(bellwether).map(({ lateMs }) => lateMs)),
      handoffs: handoffs.length,
      vacantMs: quantilesOf(handoffs.map(({ vacantMs }) => vacantMs)),
      startedMs: quantilesOf(startedMs),
      returned,
      newestTerm: verdict.newestTerm,
      violations: verdict.violations,
    },
    ...(schedulers && {
      schedulers: { ...common(schedulers), refused: schedulers.refused },
      ratio: {
        p50: ratioOf(lateness, schedulers.lateness, 0.5),
        p99: ratioOf(lateness, schedulers.lateness, 0.99),
      },
    }),
  };
}

function common({ ticks, lost, doubled, lateness, pods, stallMs }: Outcome) {
  return {
    ticks,
    lost,
    doubled,
    latenessMs: quantilesOf(lateness.map(({ lateMs }) => lateMs)),
    readyMs: quantilesOf(pods.readyMs),
    endMs: quantilesOf(pods.endMs),
    exitCodes: countCodes(pods.exitCodes),
    timerLateMs: quantilesOf(stallMs),
  };
}

/** As a person reads it. */
export function formatReport(report: Report): string {
  const { options, bellwether, schedulers } = report;
  const outcomes = schedulers ? [bellwether, schedulers] : [bellwether];
  const near = nearHandoffs(bellwether);
  const { handoffs, startedMs, returned, pods } = bellwether;
  return [
    headline(options),
    table(
      ["", "ticks", "lost", "doubled", "exit codes"],
      outcomes.map(outcome => [
        ...[outcome.name, outcome.ticks, outcome.lost, outcome.doubled].map(String),
        Object.entries(countCodes(outcome.pods.exitCodes))
          .map(([code, count]) => `${count} × ${code}`)
          .join(", "),
      ]),
    ),
    table(QUANTILE_HEAD("lateness, ms from the tick until its run could be taken"), [
      ...outcomes.map(({ name, lateness }) => quantileRow(`${name}, all ticks`, latenessOf(lateness))),
      quantileRow(`Bellwether, within ${NEAR_MS / 1_000} s of a handoff`, latenessOf(near)),
      ...(schedulers ? [ratioRow(bellwether, schedulers)] : []),
      ...outcomes.map(({ name, stallMs }) =>
        quantileRow(`a timer of the measuring process, beside ${name}`, stallMs),
      ),
    ]),
    table(QUANTILE_HEAD("Bellwether, ms"), [
      quantileRow(
        "handoff: nobody led",
        handoffs.map(({ vacantMs }) => vacantMs),
      ),
      quantileRow("replacement: until `replica.started`", startedMs),
      quantileRow("replacement: until it follows or leads", pods.readyMs),
      quantileRow("SIGTERM until the end", pods.endMs),
    ]),
    `runs given back by replicas that stopped: ${returned}`,
    ...(schedulers ? [`upserts that BullMQ refused at a pod's boot: ${schedulers.refused}`] : []),
  ].join("\n\n");
}

function headline({ store, order, replicas, rounds, jobs, isSameInstant }: RollingOptions): string {
  const ticks = isSameInstant ? "all at the full second" : "spread over the second";
  const how = order === "surge" ? "a replacement before each stop" : "a replacement after each stop";
  return `${rounds} rolling restarts of ${replicas} replicas on ${store}, ${how}, under ${jobs.length} ticks a second, ${ticks}; ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`;
}

const QUANTILE_HEAD = (what: string) => [what, "count", "p50", "p95", "p99", "max"];

function quantileRow(what: string, values: readonly number[]): string[] {
  const { count, p50, p95, p99, max } = quantilesOf(values);
  return [what, ...[count, p50, p95, p99, max].map(value => String(Math.round(value)))];
}

function ratioRow(ours: Outcome, theirs: Outcome): string[] {
  const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map(share =>
    ratioOf(ours.lateness, theirs.lateness, share).toFixed(2),
  );
  return ["Bellwether : BullMQ job schedulers", "", p50, p95, p99, max].map(String);
}

function ratioOf(ours: readonly Lateness[], theirs: readonly Lateness[], share: number): number {
  return percentile(latenessOf(ours), share) / percentile(latenessOf(theirs), share);
}

function nearHandoffs({ lateness, handoffs }: BellwetherOutcome): Lateness[] {
  return lateness.filter(({ tickAtMs }) => handoffs.some(({ at }) => Math.abs(tickAtMs - at) <= NEAR_MS));
}

function latenessOf(list: readonly Lateness[]): number[] {
  return list.map(({ lateMs }) => lateMs);
}

function quantilesOf(values: readonly number[]): Quantiles {
  const [p50 = 0, p95 = 0, p99 = 0, max = 0] = [0.5, 0.95, 0.99, 1].map(share => percentile(values, share));
  return { count: values.length, p50, p95, p99, max };
}

function countCodes(codes: readonly (number | null)[]): Record<string, number> {
  const groups = Map.groupBy(codes, code => String(code));
  return Object.fromEntries([...groups].map(([code, list]) => [code, list.length]));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n");
}
