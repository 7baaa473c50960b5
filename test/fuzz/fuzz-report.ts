import type { FuzzReport } from "./fuzz.ts";
import { SLOW_MS } from "./fuzz-target.ts";

/** `120 s  config 400  cron 400 …` */
export function formatProgress({ inputs, findings }: FuzzReport, elapsedMs: number): string {
  const counts = [...inputs].map(([target, count]) => `${target} ${count}`);
  const found = findings.map(({ target }) => `${target} found something`);
  return [`${Math.round(elapsedMs / 1_000)} s`.padStart(5), ...counts, ...found].join("  ");
}

/** What came of it, with the smallest input of each finding. */
export function formatReport({ inputs, slowest, slow, findings }: FuzzReport): string {
  const lines = [...inputs].map(([target, count]) => {
    return `${target}: ${count} inputs, the slowest took ${Math.round(slowest.get(target)?.ms ?? 0)} ms`;
  });
  for (const { target, ms, input } of slow)
    lines.push(`${target}: ${Math.round(ms)} ms for ${shortened(input)}`);
  for (const { target, seed, input, error } of findings) {
    lines.push("", `${target}: found with seed ${seed}, in its smallest form:`, input, error);
  }
  const tooSlow =
    slow.length === 0 ? `no input took ${SLOW_MS} ms` : `${slow.length} inputs took over ${SLOW_MS} ms`;
  lines.push(
    "",
    findings.length === 0 ? `nothing found; ${tooSlow}` : `${findings.length} found; ${tooSlow}`,
  );
  return lines.join("\n");
}

const SHOWN = 300;

function shortened(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`;
}
