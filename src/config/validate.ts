import type { z } from "zod";
import type { HandlerKind } from "../handlers/handler-kind.ts";
import { HANDLER_KINDS } from "../handlers/handler-kinds.ts";
import { SECOND_MS } from "../schedule/time-units.ts";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import { describe, quote } from "./document/describe.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { nearest, suggest } from "./nearest.ts";
import { type ConfigFile, keysAt } from "./schemas/json-schema.ts";

export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

export interface ValidateOptions<S extends z.ZodType> {
  readonly schema: S;
  readonly document: ConfigDocument;
  /** Which part of the document; everything when empty. */
  readonly path: Path;
  readonly file: ConfigFile;
}

/**
 * The parts of a section that are valid, whatever is wrong with the others: so that one mistake does not hide
 * those that only a later step can see.
 */
export function validParts<S extends z.ZodRawShape>(
  options: Omit<ValidateOptions<z.ZodType>, "schema"> & { readonly shape: S },
): Partial<z.output<z.ZodObject<S>>> {
  const { shape, document, path, file } = options;
  const parts = Object.entries(shape).flatMap(([key, schema]) => {
    const child = [...path, key];
    if (!document.has(child)) return [];
    const checked = validate({ schema: schema as z.ZodType, document, path: child, file });
    return checked.ok ? [[key, checked.value]] : [];
  });
  return Object.fromEntries(parts);
}

type Issue = z.core.$ZodIssue;

/** Checks one part of a document and says every mistake in it in plain sentences. */
export function validate<S extends z.ZodType>(options: ValidateOptions<S>): Validation<z.output<S>> {
  const { schema, document, path } = options;
  let result = schema.safeParse(document.get(path));
  if (!result.success && document.keepTexts([...textsWanted(result.error.issues, path)])) {
    result = schema.safeParse(document.get(path));
  }
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, issues: result.error.issues.flatMap(issue => explain(issue, path, options)) };
}

/** Where a text was expected, also inside the branches of a choice. */
function* textsWanted(issues: readonly Issue[], base: Path): Generator<Path> {
  for (const issue of issues) {
    const path = [...base, ...plainPath(issue.path)];
    if (issue.code === "invalid_type" && issue.expected === "string") yield path;
    if (issue.code === "invalid_union") for (const branch of issue.errors) yield* textsWanted(branch, path);
  }
}

type Context = Pick<ValidateOptions<z.ZodType>, "document" | "file">;

function explain(issue: Issue, base: Path, context: Context): ConfigIssue[] {
  const { document } = context;
  const path = [...base, ...plainPath(issue.path)];
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys.map(key => [...path, key]);
    return unknown.flatMap(child => document.issueAt(child, unknownKey(child, context), "key"));
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message ?? issue.message;
    return document.issueAt(path, `found ${quote(String(path.at(-1)))}, ${expected}`, "key");
  }
  const branch = issue.code === "invalid_union" ? branchMeant(issue.errors) : undefined;
  if (branch) return branch.flatMap(inner => explain(inner, path, context));
  if (!issue.message.startsWith("expected")) {
    const isRefusedKey = issue.code === "invalid_type" && issue.expected === "never";
    return document.issueAt(path, issue.message, isRefusedKey ? "key" : "value");
  }
  if (!document.has(path)) return document.issueAt(path, `is missing, ${issue.message}`, "key");
  return document.issueAt(path, `${found(path, document)}, ${issue.message}${hint(path, document, issue)}`);
}

/** The branch of a choice that has the kind of thing that was written, and complains only about what is inside. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find(issues => {
    return issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys");
  });
}

function plainPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map(part => (typeof part === "symbol" ? String(part) : part));
}

/** Values from the environment are shown as written: they may be secrets. So is never what a secret key holds. */
export function found(path: Path, document: ConfigDocument): string {
  const origin = document.originOf(path);
  if (origin !== null) return `found ${quote(origin)}`;
  const value = document.get(path);
  const isSecret = /^(token|password|url)$/.test(String(path.at(-1))) || isHandlerSecret(path);
  const isAddress =
    /^(nodes|hosts)$/.test(String(path.at(-2))) && typeof value === "string" && /[?#]/.test(value);
  const isHidden =
    (isSecret || isAddress) && value !== "" && ["string", "number", "boolean"].includes(typeof value);
  return isHidden
    ? `found a ${typeof value === "string" ? "text" : typeof value} that is not shown`
    : describe(value);
}

function isHandlerSecret([section, , kind, key]: Path): boolean {
  return (
    section === "jobs" &&
    Object.values(HANDLER_KINDS).some((known: HandlerKind) => {
      return known.key === kind && known.secrets.includes(String(key));
    })
  );
}

/** The two slips that YAML invites: a duration without its unit, and a text that looks like something else. */
function hint(path: Path, document: ConfigDocument, issue: Issue): string {
  if (document.originOf(path) !== null) return "";
  const value = document.get(path);
  if (issue.message.includes("a duration")) {
    const isCount = (typeof value === "number" || typeof value === "string") && /^\d+$/.test(String(value));
    if (!isCount) return "";
    // BullMQ and timers count milliseconds.
    return Number(value) >= SECOND_MS ? ` (write ${value}ms, or ${value}s)` : ` (write ${value}s)`;
  }
  const wantsText = issue.code === "invalid_type" && issue.expected === "string";
  const isScalar = typeof value === "number" || typeof value === "boolean";
  const isFreeText = /^(name|namespace|username|password|token|queue|handler)$/.test(String(path.at(-1)));
  return wantsText && isScalar && isFreeText ? " (put quotes around it)" : "";
}

function unknownKey(path: Path, { document, file }: Context): string {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const known = keysAt(file, parent);
  if (key.startsWith("x-"))
    return "unknown key (there are no keys of one's own: an anchor (&name) can be where it is used first)";
  if (parent.length > 0 || nearest(key, known) !== null) return `unknown key (${suggest(key, known)})`;
  const other: ConfigFile = file === "jobs" ? "bellwether" : "jobs";
  if (keysAt(other, []).includes(key)) return `unknown key (it belongs in ${other}.yaml)`;
  if (file === "jobs" && isMapping(document.get(path))) return "unknown key (a job belongs under `jobs:`)";
  return `unknown key (${suggest(key, known)})`;
}
