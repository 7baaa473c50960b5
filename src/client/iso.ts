/** An instant as JSON has it: ISO 8601 in UTC. */
export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
