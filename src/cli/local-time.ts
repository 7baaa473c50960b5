/** Locales whose data knows different zones' abbreviations: en-US says EDT but GMT+1, en-GB says CET but GMT-4. */
const LOCALES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA", "en-NZ"];

/** `2026-03-08 03:30 EDT`, with seconds only where the instant has them. */
export function formatLocal(atMs: number, timezone: string): string {
  const parts = new Map(
    new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    })
      .formatToParts(atMs)
      .map(part => [part.type, part.value]),
  );
  const date = `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
  const seconds = parts.get("second") === "00" ? "" : `:${parts.get("second")}`;
  return `${date} ${parts.get("hour")}:${parts.get("minute")}${seconds} ${abbreviation(atMs, timezone)}`;
}

function abbreviation(atMs: number, timezone: string): string {
  const names = LOCALES.map(
    locale =>
      new Intl.DateTimeFormat(locale, { timeZone: timezone, timeZoneName: "short" })
        .formatToParts(atMs)
        .find(part => part.type === "timeZoneName")?.value ?? timezone,
  );
  return names.find(name => !/^(GMT|UTC)[+-]/.test(name)) ?? names[0] ?? timezone;
}
