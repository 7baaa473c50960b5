/** More is no data of a job: answers, records and scripts that walk through it would run out of stack. */
export const MAX_DEPTH = 100;

/** Whether values are nested deeper than `MAX_DEPTH`. Does not call itself, so that no body is too deep for it. */
export function isTooDeep(body: unknown): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap(value => (typeof value === "object" && value !== null ? Object.values(value) : []));
    if (level.length === 0) return false;
  }
  return true;
}
