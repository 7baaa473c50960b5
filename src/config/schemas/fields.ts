import { z } from "zod";
import { isWithin, type Span } from "../../clock/timing.ts";
import { DURATION_PATTERN, formatDuration, parseDuration } from "./duration.ts";
import { parseRedisUrl } from "./redis-url.ts";
import { parseSize, SIZE_PATTERN } from "./size.ts";

/*
 * The building blocks of the schema. Every message begins with "expected"; the value that was found is put before it
 * where it is known. Any other message is shown alone (see validate.ts). What is expected is also the title in JSON
 * Schema, for editors and docs/configuration.md.
 */

function titled(error: string) {
  return { title: error.replace(/^expected /, "") };
}

/** A section: a mapping whose unknown keys are mistakes. */
export function section<S extends z.ZodRawShape>(shape: S, expected = "expected a mapping (key: value)") {
  return z.strictObject(shape, { error: issue => (issue.code === "invalid_type" ? expected : undefined) });
}

/** The defaults of a section's keys, as they would be written. */
export function writtenDefaults(shape: z.ZodRawShape): Record<string, unknown> {
  const defaults = Object.entries(shape).map(([key, schema]) => [
    key,
    z.globalRegistry.get(schema)?.["default"],
  ]);
  return Object.fromEntries(defaults.filter(([, written]) => written !== undefined));
}

/** A text of a certain form. */
export function text(expected: string, pattern?: RegExp) {
  const error = `expected ${expected}`;
  const schema = z.string({ error });
  return (pattern ? schema.regex(pattern, { error }) : schema.check(notEmpty(error))).meta(titled(error));
}

export function choice<const V extends readonly string[]>(values: V) {
  const words = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(values);
  return z.enum(values, { error: `expected ${words}` });
}

export function whole(min: number, max: number) {
  const upTo = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
  const error = `expected a whole number, ${upTo}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).meta(titled(error));
}

export function fraction() {
  const error = "expected a number from 0 to 1";
  return z.number({ error }).min(0, { error }).max(1, { error }).meta(titled(error));
}

/** A duration, read as milliseconds. */
export function duration(min: string, max: string) {
  return durationWithin({ minMs: milliseconds(min), maxMs: milliseconds(max) });
}

export function durationWithin(allowed: Span) {
  const { minMs, maxMs } = allowed;
  const error = "expected a duration like 10s, 5m or 1h30m";
  const isInRange = (value: string) => isWithin(allowed, parseDuration(value) ?? Number.NaN);
  const rangeError = `expected a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error, abort: true })
    .refine(isInRange, {
      error: ({ input }) => `${rangeError}${isTooLong(String(input), maxMs) ? ": it is too long" : ""}`,
    })
    .transform(milliseconds)
    .meta(titled(rangeError));
}

/** A size, read as bytes. */
export function size(min: string, max: string) {
  const [minBytes, maxBytes] = [parseSize(min) ?? 0, parseSize(max) ?? 0];
  const error = "expected a size like 512MiB or 1GiB";
  const rangeError = `expected a size from ${min} to ${max}`;
  return z
    .string({ error })
    .regex(SIZE_PATTERN, { error, abort: true })
    .refine(value => (parseSize(value) ?? 0) >= minBytes && (parseSize(value) ?? 0) <= maxBytes, {
      error: rangeError,
    })
    .transform(value => parseSize(value) ?? 0)
    .meta(titled(rangeError));
}

/** Adds the unit to the keys of durations: `leaseTtl`, read as milliseconds, is `leaseTtlMs`. */
export function inMs<const K extends string>(...durations: readonly K[]) {
  const names = new Map<string, string>(durations.map(key => [key, `${key}Ms`]));
  return <T extends object>(values: T & { readonly [P in K]?: number | null }): InMs<T, K> => {
    const renamed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(values)) renamed[names.get(key) ?? key] = value;
    return renamed as InMs<T, K>;
  };
}

export type InMs<T, K extends string> = { [P in keyof T as P extends K ? `${P}Ms` : P]: T[P] };

/** Of a text that has the form of a duration; one that is no safe number is longer than any. */
function isTooLong(value: string, maxMs: number): boolean {
  const ms = parseDuration(value);
  return ms === null || ms > maxMs;
}

function milliseconds(value: string): number {
  return parseDuration(value) ?? 0;
}

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]\d{2}:[0-5]\d)$/;

/** An ISO 8601 instant with its offset from UTC, read as epoch milliseconds. */
export function instant() {
  const error = "expected a time with its zone, like 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00";
  return z
    .string({ error })
    .refine(isInstant, { error })
    .transform(value => Date.parse(value))
    .meta({ format: "date-time", ...titled(error) });
}

/** `Date.parse` takes the 30th of February for the 2nd of March, and a time without its zone for one of this machine's. */
export function isInstant(value: string): boolean {
  const match = INSTANT.exec(value);
  if (match === null || Number.isNaN(Date.parse(value))) return false;
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number];
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** A list of at least one item. */
export function list<S extends z.ZodType>(item: S, expected: string) {
  const error = `expected ${expected}`;
  return z.array(item, { error }).check(notEmpty(error)).meta(titled(error));
}

/** As `.min(1)`, which reads the `length` of a mapping as well, and throws when that is something odd. */
export function notEmpty(error: string) {
  return new z.core.$ZodCheckMinLength({
    check: "min_length",
    minimum: 1,
    when: ({ value }) => typeof value === "string" || Array.isArray(value),
    error: () => error,
  });
}

/** One item or a list of at least one, read as a list. */
export function oneOrMany<S extends z.ZodType>(item: S, expected: string) {
  const error = `expected ${expected}`;
  return z
    .union([item, list(item, expected)], { error })
    .transform(value => (Array.isArray(value) ? value : [value]))
    .meta(titled(error));
}

/** `false`, or a section. */
export function switchable<S extends z.ZodType>(schema: S) {
  return z.union([z.literal(false), schema], { error: "expected a mapping (key: value), or false" });
}

const ADDRESS = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^\s:/[\]@]+))(?::(?<port>\d{1,5}))?$/;

/** `host:port`; an IPv6 address is in brackets. */
export function address(defaultPort: number) {
  const error = `expected host:port, like 10.0.0.1:${defaultPort}`;
  return z
    .string({ error })
    .regex(ADDRESS, { error })
    .refine(value => Number(ADDRESS.exec(value)?.groups?.["port"] ?? 0) <= 65_535, { error })
    .transform(value => {
      const { v6, host = "", port } = ADDRESS.exec(value)?.groups ?? {};
      return { host: v6 ?? host, port: port === undefined ? defaultPort : Number(port) };
    })
    .meta(titled(error));
}

/** An address whose scheme is one of those given. */
export function url(schemes: readonly string[], example: string) {
  const isUrl = (value: string) => schemes.includes(value.split("://")[0] ?? "") && URL.canParse(value);
  const error = `expected an address like ${example}`;
  return z
    .string({ error })
    .refine(isUrl, { error })
    .meta({ pattern: `^(${schemes.join("|")})://`, ...titled(error) });
}

/** An address of Redis, which says why it cannot be used. */
export function redisUrl() {
  const error = "expected an address like redis://127.0.0.1:6379";
  const problemOf = (value: string) => {
    const parsed = parseRedisUrl(value);
    return parsed.ok ? null : parsed.problem;
  };
  return z
    .string({ error })
    .refine(value => problemOf(value) === null, { error: ({ input }) => problemOf(String(input)) ?? error })
    .meta({ pattern: "^(redis|rediss)://", ...titled(error) });
}

const ETCD_HOST = /^https?:\/\/(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]@?#]+):(?<port>\d{1,5})\/?$/;

/** An endpoint of etcd: scheme, host and port, and nothing else. */
export function etcdHost() {
  const error = "expected an address like http://127.0.0.1:2379";
  return z
    .string({ error })
    .regex(ETCD_HOST, { error })
    .refine(value => Number(ETCD_HOST.exec(value)?.groups?.["port"]) <= 65_535, { error })
    .transform(value => value.replace(/\/$/, ""))
    .meta(titled(error));
}
