import type { TermCause } from "../../reasons.ts";
import { durationText } from "../../schedule/duration.ts";
import { renderTable } from "../table.ts";
import type { Handoff } from "./handoffs.ts";

/** Handoffs as people read them. */
export function renderHandoffs(rows: readonly Handoff[]): string {
  const hasNamespaces = new Set(rows.map(row => row.namespace)).size > 1;
  const hasLaunches = rows.some(row => row.lateTicks !== null);
  const columns: readonly (readonly [head: string, cell: (row: Handoff) => string, isShown?: boolean])[] = [
    ["AT (UTC)", row => row.at],
    ["NAMESPACE", row => row.namespace ?? "", hasNamespaces],
    ["TERM", row => (row.term === null ? "" : String(row.term))],
    ["FROM", row => row.previous ?? "(none)"],
    ["TO", row => row.leader ?? "(not in the logs)"],
    ["NO LEADER", gapOf],
    ["LATE TICKS", lateOf, hasLaunches],
    ["WHY", whyOf],
  ];
  const shown = columns.filter(([, , isShown = true]) => isShown);
  const cells = rows.map(row => shown.map(([, cell]) => cell(row)));
  return renderTable(
    shown.map(([head]) => head),
    cells,
  );
}

function gapOf({ leader, vacantMs, previous }: Handoff): string {
  if (leader === null) return "?";
  if (vacantMs === null) return previous === null ? "" : "?";
  return spanText(vacantMs);
}

function lateOf({ lateTicks, maxLateMs }: Handoff): string {
  if (lateTicks === null) return "?";
  return maxLateMs === null ? String(lateTicks) : `${lateTicks}, up to ${spanText(maxLateMs)}`;
}

/** What happened in words, with the codes of the events behind them. */
function whyOf({ term, reason, cause, ownCause, by, error }: Handoff): string {
  if (term === 0) return "a program from outside holds the election";
  const words = TEXTS.get(ownCause ?? cause ?? "");
  const codes = [reason, cause !== reason && cause, ownCause && `${ownCause} by its own log`];
  const code = codes.filter(Boolean).join(", ");
  const asked = by === null ? "" : `: ${by}`;
  const said = error === null ? "" : `: ${error}`;
  return `${words ?? "the logs do not say why"}${asked}${said}${code === "" ? "" : ` (${code})`}`;
}

const CAUSES: Readonly<Record<TermCause, string>> = {
  first: "no leader was on record",
  shutdown: "the leader was stopped",
  stepdown: "an operator asked for another leader",
  generation: "a newer configuration is to lead",
  "no-progress": "launches got no answer",
  failed: "the leader's work failed",
  "process-gone": "the leader's process died",
  "presence-lost": "the leader's presence connection broke",
  frozen: "the leader was frozen, or its event loop was blocked",
  unreachable: "the leader could not reach the store",
  refused: "the store refused the leader's renewals",
  replaced: "the store did not know the leader's lease any more",
  fenced: "a replica that elects in another store opened a newer term",
  "store-away": "the store gave no answer",
  "lease-removed": "the leader's lease was removed",
  silent: "the leader fell silent: frozen, blocked, cut off, or its machine failed",
  unknown: "the leader's release writes no cause",
};
const TEXTS: ReadonlyMap<string, string> = new Map(Object.entries(CAUSES));

/** `84 ms`, `1.2 s`, `2m3s` */
function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : durationText(Math.round(ms / 1_000) * 1_000);
}
