import { expect, it } from "vitest";
import { runChaos } from "./chaos-run.ts";
import type { FaultKind } from "./fault-kinds.ts";
import { formatReport, formatViolations } from "./report.ts";

const SEED = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);
/** More than the faults take: all of them are dealt, over a minute or somewhat more. */
const LIMIT_MS = 180_000;
const JOBS = 22;

/** What hurts most, dealt in an order that the seed decides. `npm run chaos` has everything, for longer. */
const COUNTS = {
  "kill -9 of a leader": 8,
  "kill -9 of a follower": 1,
  "stop of a leader (SIGTERM)": 2,
  "freeze beyond the TTL": 1,
  "freeze within the TTL": 1,
  "Redis: cut in a launch": 9,
  "Redis: connections cut": 2,
  "Redis: black hole": 1,
  "CLIENT KILL": 6,
  "Redis: kill -9 and restart": 1,
  "SCRIPT FLUSH": 1,
  "presence connection": 1,
  "refused: OOM": 1,
  "pause and resume": 1,
  trigger: 1,
  stepdown: 1,
} satisfies Partial<Record<FaultKind, number>>;
const FAULTS = Object.entries(COUNTS).flatMap(([fault, count]) =>
  Array<FaultKind>(count).fill(fault as FaultKind),
);

it(`loses no tick and launches none twice while leaders are killed, frozen and cut off (seed ${SEED})`, async () => {
  const again = `CHAOS_SEED=${SEED} npm test -- --project chaos`;
  const report = await runChaos({ store: "redis", seed: SEED, durationMs: LIMIT_MS, once: FAULTS, again });
  console.log(formatReport(report));
  if (report.verdict.violations.length > 0) console.log(formatViolations(report));
  expect(report.verdict.violations).toEqual([]);
  expect(Object.fromEntries(report.faults)).toEqual(COUNTS);
  expect(report.verdict.ticks).toBeGreaterThan(JOBS * 60);
});
