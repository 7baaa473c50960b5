/** When Vixie's cron runs an entry, minute by minute and in UTC: from its manual, and nothing of Bellwether's. */
export function vixieTicks(schedule: string, fromMs: number, untilMs: number): number[] {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = schedule.split(/\s+/);
  const matches = {
    minute: valuesOf(minute, 0, 59),
    hour: valuesOf(hour, 0, 23),
    day: valuesOf(day, 1, 31),
    month: valuesOf(month, 1, 12),
    weekday: new Set([...valuesOf(weekday, 0, 7)].map(value => value % 7)),
  };
  const hasStar = day.startsWith("*") || weekday.startsWith("*");
  const ticks: number[] = [];
  for (let at = fromMs; at < untilMs; at += 60_000) {
    const date = new Date(at);
    const isDay = matches.day.has(date.getUTCDate());
    const isWeekday = matches.weekday.has(date.getUTCDay());
    const fits =
      matches.minute.has(date.getUTCMinutes()) &&
      matches.hour.has(date.getUTCHours()) &&
      matches.month.has(date.getUTCMonth() + 1) &&
      (hasStar ? isDay && isWeekday : isDay || isWeekday);
    if (fits) ticks.push(at);
  }
  return ticks;
}

function valuesOf(field: string, least: number, greatest: number): Set<number> {
  const values = new Set<number>();
  for (const item of field.split(",")) {
    const [range = "", step = "1"] = item.split("/");
    const [from, to = from] = range === "*" ? [least, greatest] : range.split("-").map(Number);
    for (let value = from ?? 0; value <= (to ?? 0); value += Number(step)) values.add(value);
  }
  return values;
}
