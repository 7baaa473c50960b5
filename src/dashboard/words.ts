/** Numbers for people. Pure: nothing here knows the browser. */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `840 ms`, `2.4 s`, `3 min 20 s`, `2 d 4 h`: two units at most. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const i = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
  const [unit, unitMs] = UNITS[i] ?? UNITS[3];
  const whole = Math.floor(ms / unitMs);
  const smaller = UNITS[i + 1];
  const rest = smaller ? Math.floor((ms - whole * unitMs) / smaller[1]) : 0;
  return rest === 0 || !smaller ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller[0]}`;
}

/** Without tenths, for what counts down each second. */
export function wholeSeconds(ms: number): string {
  return ms < 1_000
    ? "0 s"
    : duration(Math.max(10_000, ms) === ms ? ms : Math.floor(ms / 1_000) * 1_000).replace(".0", "");
}

/** `10,240`. */
export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

/** `1 job`, `10,240 jobs`. */
export function counted(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** `148 MB`. */
export function bytes(value: number | null): string {
  if (value === null) return "–";
  return value < 1e9 ? `${Math.round(value / 1e6)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/** What JSON holds, as text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  return JSON.stringify(value, null, typeof value === "object" ? 2 : 0);
}
