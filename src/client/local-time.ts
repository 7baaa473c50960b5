/** Locales whose data knows different zones' abbreviations: en-US says EDT but GMT+1, en-GB says CET but GMT-4. */
const LOCALES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA", "en-NZ"];

/** Making one takes longer than a hundred uses of it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-03-08 03:30 EDT`, with seconds only where the instant has them. */
export function formatLocal(atMs: number, timezone: string): string {
  const format = formatOf("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const parts = new Map(format.formatToParts(atMs).map(part => [part.type, part.value]));
  const date = `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
  const seconds = parts.get("second") === "00" ? "" : `:${parts.get("second")}`;
  return `${date} ${parts.get("hour")}:${parts.get("minute")}${seconds} ${abbreviation(atMs, timezone)}`;
}

function abbreviation(atMs: number, timezone: string): string {
  const names = LOCALES.map(
    locale =>
      formatOf(locale, { timeZone: timezone, timeZoneName: "short" })
        .formatToParts(atMs)
        .find(part => part.type === "timeZoneName")?.value ?? timezone,
  );
  return names.find(name => !/^(GMT|UTC)[+-]/.test(name)) ?? names[0] ?? timezone;
}

function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${options.timeZone} ${options.timeZoneName}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  return format;
}
