import { BoundedCache } from "./bounded-cache.ts";
import { editDistance } from "./edit-distance.ts";
import { zoneOfWindows } from "./windows-zones.ts";

/*
 * Which names are time zones. `Intl` decides whether it knows a zone, and takes more than the IANA database has. It
 * takes offsets, and abbreviations of ICU's own with surprising meanings (BST is Asia/Dhaka, IST Asia/Kolkata).
 */

/** The names without a region. The database takes in no more of them. */
const PLAIN_NAMES = new Set(
  [
    "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran",
    "Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK",
    "Singapore Turkey UCT UTC Universal W-SU WET Zulu",
  ]
    .join(" ")
    .toLowerCase()
    .split(" "),
);

/** What ICU still has of names that the database never had, or has no more. */
const FOREIGN_NAMES = /^(systemv\/.*|canada\/east-saskatchewan|us\/pacific-new)$/;

/** Whether it can be a name of the IANA database or one of its links. Capitals do not count. */
export function isZoneName(name: string): boolean {
  const lower = name.toLowerCase();
  return PLAIN_NAMES.has(lower) || (/^[a-z_]+\//.test(lower) && !FOREIGN_NAMES.test(lower));
}

/** By name; a wrong one in the defaults of a file is met by every job of it. */
const problems = new BoundedCache<string>(100);

/** Why a name is not a time zone, with the one that may be meant. */
export function problemOfZoneName(name: string): string {
  const known = problems.get(name);
  if (known !== undefined) return known;
  const hint = hintFor(name);
  const problem = `"${shortened(name)}" is not a time zone: expected an IANA name such as Europe/Berlin or UTC${hint}`;
  problems.put(name, problem);
  return problem;
}

function hintFor(name: string): string {
  const offset = /^(?:UTC|GMT|Etc\/UTC)?([+-])0?(\d{1,2})(?::?00)?$/i.exec(name);
  if (offset && Number(offset[2]) >= 1 && Number(offset[2]) <= 12) {
    const sign = offset[1] === "+" ? "-" : "+";
    return `; did you mean Etc/GMT${sign}${offset[2]} (its sign is reversed), or the zone of a place?`;
  }
  const abbreviation = ABBREVIATIONS.get(name.toUpperCase());
  if (abbreviation !== undefined) {
    const why = name.includes("/") || abbreviation === "UTC" ? "" : "an abbreviation has several meanings: ";
    return `; ${why}did you mean ${abbreviation}?`;
  }
  const nearest = zoneOfWindows(name) ?? nearestZone(name);
  return nearest === null ? "" : `; did you mean ${nearest}?`;
}

const ABBREVIATIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "Africa/Johannesburg": "SAST",
    "Africa/Lagos": "WAT",
    "Africa/Maputo": "CAT",
    "Africa/Nairobi": "EAT",
    "America/Anchorage": "AKST AKDT",
    "America/Argentina/Buenos_Aires": "ART AGT",
    "America/Chicago or Asia/Shanghai": "CST",
    "America/Chicago": "CDT CT",
    "America/Denver": "MDT MT",
    "America/Halifax": "AST ADT",
    "America/Indiana/Indianapolis": "IET",
    "America/Los_Angeles": "PST PDT PT US/PACIFIC-NEW",
    "America/New_York": "EDT ET",
    "America/Phoenix": "PNT",
    "America/Puerto_Rico": "PRT",
    "America/Regina": "CANADA/EAST-SASKATCHEWAN",
    "America/Sao_Paulo": "BRT BET",
    "America/St_Johns": "NST NDT CNT",
    "Asia/Dubai": "GST",
    "Asia/Ho_Chi_Minh": "VST ICT",
    "Asia/Hong_Kong": "HKT",
    "Asia/Jakarta": "WIB",
    "Asia/Karachi": "PKT PLT",
    "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem": "IST",
    "Asia/Seoul": "KST",
    "Asia/Shanghai": "CTT",
    "Asia/Singapore": "SGT",
    "Asia/Tokyo": "JST",
    "Asia/Yerevan": "NET",
    "Australia/Adelaide": "ACST ACDT",
    "Australia/Darwin": "ACT",
    "Australia/Perth": "AWST",
    "Australia/Sydney": "AEST AEDT AET",
    "Europe/Athens": "EEST",
    "Europe/Berlin": "CEST MEZ MESZ ECT",
    "Europe/Lisbon": "WEST",
    "Europe/London": "BST",
    "Europe/Moscow": "MSK",
    "Pacific/Apia": "MIT",
    "Pacific/Auckland": "NZST NZDT",
    "Pacific/Honolulu": "HDT",
    "Pacific/Pago_Pago": "SST",
    UTC: "Z",
  }).flatMap(([zone, names]) => names.split(" ").map(name => [name, zone] as const)),
);

/** The longest name has 30 characters. */
const SHOWN = 60;

function shortened(name: string): string {
  return name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;
}

/** The zone whose name, or whose city, differs least; null when none is near. */
function nearestZone(name: string): string | null {
  if (name.length > SHOWN) return null;
  const wanted = name.toLowerCase();
  let best: { zone: string; distance: number } | null = null;
  for (const zone of [...Intl.supportedValuesOf("timeZone"), "UTC"]) {
    const full = zone.toLowerCase();
    const city = full.slice(full.lastIndexOf("/") + 1);
    const distance = Math.min(editDistance(wanted, full), editDistance(wanted, city));
    if (distance < (best?.distance ?? Math.max(2, wanted.length / 3))) best = { zone, distance };
  }
  return best?.zone ?? null;
}
