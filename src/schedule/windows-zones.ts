import cldr from "cldr-core/supplemental/windowsZones.json" with { type: "json" };

/** The rows for the whole world; the others say where a territory has another zone of that name. */
const WORLD = "001";

const rows = cldr.supplemental.windowsZones.mapTimezones.map(({ mapZone }) => mapZone);

/** The time zones of Windows by the names that Outlook and Exchange write, each with its IANA zone. */
const ZONES: ReadonlyMap<string, string> = new Map(
  rows.filter(row => row._territory === WORLD).map(row => [row._other.toLowerCase(), row._type]),
);

/** The IANA zone for a name that Windows has for a zone, in capitals or not and also for its summer; or null. */
export function zoneOfWindows(name: string): string | null {
  return ZONES.get(name.toLowerCase().replace(/ (daylight|summer) time$/, " standard time")) ?? null;
}
