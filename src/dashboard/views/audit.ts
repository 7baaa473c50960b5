/** Who did what, and when. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { html } from "../html.ts";
import { Card, Empty, Heading, Loaded, Pager, Time } from "../parts.ts";
import { jobPage } from "../place.ts";
import { anyOf, useResource } from "../resource.ts";
import { route } from "../router.ts";
import type { AuditRow, Listing } from "../shapes.ts";
import { counted, shown } from "../words.ts";
import { dayTime } from "../zone.ts";

const PAGE_ROWS = 100;
const KNOWN = new Set(["at", "action", "by", "job", "run", "ticks", "reason", "reasonCode"]);

const ofAudit = anyOf("audit", "job", "leader");

export function AuditView() {
  const cursors = useSignal<readonly string[]>([]);
  const audit = useResource<Listing<AuditRow>>(
    "/audit",
    { limit: PAGE_ROWS, cursor: cursors.value.at(-1) },
    ofAudit,
  );
  const { parameters } = route.value;
  const show = ({ items, next }: Listing<AuditRow>) => {
    if (items.length === 0) return html`<${Empty}>No operator has done anything yet.</${Empty}>`;
    const marked = parameters.get("newest") ? items.find(row => isAsked(row, parameters)) : undefined;
    return html`<${Card}>
      <div class="scroll" tabindex="0" role="region" aria-label="Audit">
        <table class="audit">
          <thead><tr><th>When</th><th>Who</th><th>Action</th><th>Job</th><th>About</th></tr></thead>
          <tbody>${items.map(row => html`<${Row} row=${row} isMarked=${row === marked} />`)}</tbody>
        </table>
      </div>
      <${Pager} cursors=${cursors} next=${next} names=${["Newer", "Older"]} />
    </${Card}>`;
  };
  return html`<${Heading} title="Audit" /><${Loaded} of=${audit} show=${show} />`;
}

function isAsked(row: AuditRow, parameters: URLSearchParams): boolean {
  const job = parameters.get("job");
  return row.action === parameters.get("action") && (job === null || row.job === job);
}

function Row({ row, isMarked }: { row: AuditRow; isMarked: boolean }) {
  const line = useRef<HTMLTableRowElement>(null);
  const more = useMemo(() => aboutOf(row), [row]);
  useEffect(() => {
    if (isMarked) line.current?.scrollIntoView({ block: "center" });
  }, [isMarked]);
  return html`<tr ref=${line} class=${isMarked ? "is-chosen" : ""} aria-current=${isMarked ? "true" : null}>
    <td class="nowrap"><${Time} at=${row.at} /></td>
    <td>${row.by}</td>
    <td>${row.action}</td>
    <td>${row.job && html`<a href=${jobPage(row.job)}>${row.job}</a>`}</td>
    <td class="about">${more}</td>
  </tr>`;
}

function aboutOf(row: AuditRow): string {
  const { ticks, run, reason } = row;
  const parts = [
    typeof ticks === "number" ? counted(ticks, "tick") : (ticks?.map(at => dayTime(at)).join(", ") ?? ""),
    run ?? "",
    reason ?? "",
    ...Object.entries(row).flatMap(([key, value]) =>
      KNOWN.has(key) || value === null ? [] : [`${key} ${shown(value)}`],
    ),
  ];
  return parts.filter(Boolean).join(" · ");
}
