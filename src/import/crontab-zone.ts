/** What a TZ or CRON_TZ says: the name of a zone, or that it is the one of the machine. */
export type WrittenZone = { readonly name: string } | "local";

/**
 * Reads the forms that the C library takes: a name, with or without a colon, the path of a zone's file, and POSIX's
 * `UTC0`. Other POSIX strings are left as they are, and are no zone here.
 */
export function readTz(text: string): WrittenZone {
  const name = text.trim().replace(/^:/, "");
  if (name === "" || name === "/etc/localtime") return "local";
  if (/^(UTC|GMT)[+-]?0+$/.test(name)) return { name: "UTC" };
  return { name: /\/zoneinfo\/(?:posix\/)?(.+)$/.exec(name)?.[1] ?? name };
}
