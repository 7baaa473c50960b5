/** Lines as replicas log them, for the tests of `logs`. */
export interface Line {
  readonly [field: string]: unknown;
}

const DAY = "2026-11-28T";

/** `at("07:54:05.369")` */
export function at(time: string): string {
  return `${DAY}${time}Z`;
}

export function line(fields: Line): string {
  return JSON.stringify({ level: "info", time: at("07:54:05.000"), namespace: "shop", ...fields });
}

/** What the new leader logs of a handoff from a to b, 3 ms without a leader. */
export const ELECTED: Line = {
  event: "leader.elected",
  replica: "b",
  leader: "b",
  term: 5,
  previous: "a",
  reason: "resigned",
  cause: "stepdown",
  by: "ann",
  vacantMs: 3,
  at: at("07:54:05.369"),
  time: at("07:54:05.374"),
};

/** What the others log of it. */
export const OBSERVED: Line = { ...ELECTED, event: "leader.observed", replica: "c" };

/** What the old leader logs of it. */
export const RESIGNED: Line = {
  event: "leader.resigned",
  replica: "a",
  term: 4,
  reason: "stepdown",
  cause: "stepdown",
  by: "ann",
  at: at("07:54:05.366"),
  time: at("07:54:05.367"),
};

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
