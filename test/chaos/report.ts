import { percentile } from "../../bench/support/percentile.ts";
import type { ChaosReport } from "./chaos-report.ts";
import type { Handoff } from "./handoffs.ts";
import { writtenAt } from "./surviving-stream.ts";
import type { Moment } from "./timeline.ts";
import { readRun, type Violation } from "./verdict.ts";

/** Of each kind of breach. */
const TOLD_VIOLATIONS = 6;
const TOLD_STORIES = 3;
const BEFORE_MS = 6_000;
const AFTER_MS = 6_000;

/** The whole result as tables in Markdown, ready for docs/guarantees.md as it is. */
export function formatReport(report: ChaosReport): string {
  const { store, secure, seed, durationMs, verdict, faults } = report;
  const count = (breach: Violation["breach"]) =>
    verdict.violations.filter(violation => violation.breach === breach).length;
  const sum = [...faults.values()].reduce((a, b) => a + b, 0);
  const results = [
    ["faults injected", sum],
    ["ticks expected", verdict.ticks],
    ["launched", verdict.launched],
    ["on record as launched, skipped, missed", Object.values(verdict.onRecord).join(", ")],
    ["ticks that are not on record exactly once", count("not on record once")],
    ["lost", count("lost")],
    ["launched twice", count("launched twice")],
    [
      "decided against the job's policy, or on a wrong record",
      count("not permitted") + count("wrong record") + count("no such tick"),
    ],
    ["decided late, though nothing was disturbed", count("late")],
    ["faults after which no replica led in time", count("no leader")],
    ["handoffs that a replica's log does not report whole, or reports otherwise", count("handoff not told")],
    ["commands not carried out once", count("command not carried out once")],
    ["launched out of order", count("out of order")],
    ["launched by an older term after a newer one", count("older term after a newer one")],
    ["launched and not handled, or failed", count("not handled") + count("failed")],
    ["launches that a failover lost, each made again", report.vanished],
    ["locks held twice, or with a fence that did not grow", count("lock")],
    ["accidents", count("accident")],
    ["elections; newest term", `${report.elections}; ${verdict.newestTerm}`],
  ] as const;
  return [
    `store ${store}${secure ? ", TLS, least rights" : ""}, seed ${seed}, ${Math.round(durationMs / 1_000)} s of faults: ${verdict.violations.length === 0 ? "held" : "BROKEN"}`,
    table(
      ["", "count"],
      results.map(row => row.map(String)),
    ),
    table(
      ["fault", "times"],
      [...faults].sort((a, b) => b[1] - a[1]).map(row => row.map(String)),
    ),
    table(["handoff after (ms, from the fault)", "times", "p50", "p95", "max"], percentiles(report.handoffs)),
    table(
      ["`leader.elected` reason (ms vacant)", "times", "p50", "p95", "max"],
      percentiles(report.vacancies),
    ),
  ].join("\n\n");
}

/** What went wrong, and what happened around it: enough to understand it without running it again. */
export function formatViolations(report: ChaosReport): string {
  const { verdict, timeline, seed, again } = report;
  const { violations } = verdict;
  const kinds = [...Map.groupBy(violations, ({ breach }) => breach).values()];
  const shown = kinds.flatMap(list => list.slice(0, TOLD_VIOLATIONS));
  const told = shown.map(({ breach, what }) => `  ${breach}: ${what}`);
  const left = violations.length - told.length;
  const firsts = kinds.flatMap(([first]) => first?.run ?? []);
  const runs = [...new Set(firsts)].slice(0, TOLD_STORIES);
  const windows =
    runs.length === 0 ? [lastMinute(timeline.nowMs())] : merge(runs.map(run => windowOf(run, report)));
  return [
    `${violations.length} violations with seed ${seed}; again: ${again}`,
    [...told, ...(left > 0 ? [`  and ${left} more`] : [])].join("\n"),
    ...windows.map(({ fromMs, untilMs, stories }) => timeline.lines(fromMs, untilMs, stories).join("\n")),
  ].join("\n\n");
}

/** A part of the timeline, and what belongs to the runs in question. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly stories: readonly Moment[];
}

function windowOf(run: string, { timeline, evidence, storyOf }: ChaosReport): Window {
  const launches = evidence.events.filter(event => event.run === run && event.event !== "completed");
  const times = [readRun(run).tickAtMs, ...launches.map(writtenAt)].map(epochMs => timeline.atEpoch(epochMs));
  return {
    fromMs: Math.min(...times) - BEFORE_MS,
    untilMs: Math.max(...times) + AFTER_MS,
    stories: storyOf(run),
  };
}

function lastMinute(nowMs: number): Window {
  return { fromMs: nowMs - 60_000, untilMs: nowMs, stories: [] };
}

function merge(windows: readonly Window[]): Window[] {
  const merged: Window[] = [];
  for (const window of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (!last || window.fromMs > last.untilMs) {
      merged.push(window);
      continue;
    }
    merged[merged.length - 1] = {
      fromMs: last.fromMs,
      untilMs: Math.max(last.untilMs, window.untilMs),
      stories: [...last.stories, ...window.stories],
    };
  }
  return merged;
}

/** The same for machines. */
export function toJson(report: ChaosReport): object {
  const { store, secure, seed, durationMs, verdict, faults, vanished, elections, handoffs, vacancies } =
    report;
  return {
    store,
    secure,
    seed,
    durationMs,
    vanished,
    elections,
    handoffs,
    vacancies,
    faults: Object.fromEntries(faults),
    ...verdict,
  };
}

function percentiles(handoffs: readonly Handoff[]): string[][] {
  const causes = Map.groupBy(handoffs, ({ cause }) => cause);
  return [...causes]
    .sort((a, b) => b[1].length - a[1].length)
    .map(([cause, list]) => {
      const times = list.map(({ ms }) => ms);
      return [
        cause,
        ...[times.length, ...[0.5, 0.95, 1].map(share => Math.round(percentile(times, share)))].map(String),
      ];
    });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
