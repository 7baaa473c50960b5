const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

type Unit = (typeof UNITS)[number];

/** One number and its unit: `512MiB`, `1.5GiB`. The same text goes into JSON Schema. */
export const SIZE_PATTERN = /^(\d{1,6}(?:\.\d{1,3})?)(B|KiB|MiB|GiB|TiB)$/;

/** The bytes of a size, rounded; null when the text is none. A number without a unit is none: bytes or MiB? */
export function parseSize(text: string): number | null {
  const [, number, unit] = SIZE_PATTERN.exec(text) ?? [];
  if (number === undefined) return null;
  return Math.round(Number(number) * 1024 ** UNITS.indexOf(unit as Unit));
}

/** For people, to a tenth of the largest unit that fits: `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** step;
  return `${Number(value.toFixed(step === 0 ? 0 : 1))} ${UNITS[step]}`;
}
