import { expect, it } from "vitest";
import { runChaos } from "./chaos-run.ts";
import type { FaultKind } from "./fault-script.ts";
import { formatReport, formatViolations } from "./report.ts";

const SEED = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);
const MINUTE_MS = 60_000;

/** What hurts most, dealt in an order that the seed decides. `npm run chaos` has everything, for longer. */
const FAULTS: readonly FaultKind[] = [
  "kill -9 of a leader",
  "kill -9 of a leader",
  "kill -9 of a leader",
  "kill -9 of a leader",
  "kill -9 of a follower",
  "stop of a leader (SIGTERM)",
  "freeze beyond the TTL",
  "freeze within the TTL",
  "Redis: cut in a launch",
  "Redis: cut in a launch",
  "Redis: cut in a launch",
  "Redis: connections cut",
  "Redis: black hole",
  "CLIENT KILL",
  "CLIENT KILL",
  "Redis: kill -9 and restart",
  "SCRIPT FLUSH",
];

it(`loses no tick and launches none twice while leaders are killed, frozen and cut off (seed ${SEED})`, async () => {
  const again = `CHAOS_SEED=${SEED} npm test -- --project chaos`;
  const report = await runChaos({ store: "redis", seed: SEED, durationMs: MINUTE_MS, once: FAULTS, again });
  console.log(formatReport(report));
  if (report.verdict.violations.length > 0) console.log(formatViolations(report));
  expect(report.verdict.violations).toEqual([]);
  expect(report.verdict.ticks).toBeGreaterThan(300);
  expect(report.faults.get("kill -9 of a leader")).toBe(4);
  expect(report.faults.get("freeze beyond the TTL")).toBe(1);
});
