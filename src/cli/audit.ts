import { readOperatorRecord } from "../client/records.ts";
import type { AuditRow } from "../launch/read-history.ts";
import { type ClusterOptions, either, withReadCluster } from "./cluster-session.ts";
import { EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { renderTable } from "./table.ts";

interface AuditOptions extends ClusterOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Shows what operators did to the cluster, newest first. */
export async function audit(options: AuditOptions, io: Io): Promise<number> {
  const rows = await either(
    options,
    io,
    api => api.audit(options.limit),
    () => withReadCluster(options, io, cluster => readOperatorRecord(cluster, options.limit)),
  );
  if (options.json) io.out(jsonText(rows, 2));
  else io.out(rows.length === 0 ? "no operator has done anything yet\n" : renderAudit(rows));
  return EXIT.done;
}

function renderAudit(rows: readonly AuditRow[]): string {
  const cells = rows.map(({ at, action, job = "", by, run, ticks, reason }) => {
    const about = typeof ticks === "number" ? `${ticks} ticks` : (ticks?.join(", ") ?? run);
    return [at, action, job, by, [about, reason].filter(Boolean).join(": ")];
  });
  return renderTable(["AT", "ACTION", "JOB", "BY", ""], cells);
}
