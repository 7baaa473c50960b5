import type { StandardSchemaV1 } from "@standard-schema/spec";
import { attempt, readThrown } from "./thrown.ts";

export type DataCheck =
  /** `data`: as the schema returns it, with its defaults and conversions. */
  | { readonly outcome: "valid"; readonly data: unknown }
  | { readonly outcome: "invalid"; readonly problems: readonly string[] };

const MAX_PROBLEMS = 10;
const MAX_LENGTH = 200;

/** Whether it is a schema of some library that follows Standard Schema. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  // ArkType's schemas are functions.
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && typeof (value as StandardSchemaV1)["~standard"]?.validate === "function";
}

/** Judges data before a handler gets it. Never throws, whatever the schema does. */
export function checkData(schema: StandardSchemaV1 | null, data: unknown): DataCheck {
  if (schema === null) return { outcome: "valid", data };
  try {
    const result = schema["~standard"].validate(data);
    if (result instanceof Promise) {
      // What becomes of it has no one who waits for it.
      result.catch(() => undefined);
      return invalid(["the schema is asynchronous: use one that answers immediately"]);
    }
    return result.issues
      ? invalid(result.issues.map(describeIssue))
      : { outcome: "valid", data: result.value };
  } catch (error) {
    return invalid([`the schema threw: ${clip(readThrown(error).message)}`]);
  }
}

/** `format: expected a string` */
function describeIssue({ message, path = [] }: StandardSchemaV1.Issue): string {
  const keys = path.map(part => String(typeof part === "object" ? part.key : part));
  return clip(keys.length === 0 ? message : `${keys.join(".")}: ${message}`);
}

function invalid(problems: readonly string[]): DataCheck {
  const more = problems.length - MAX_PROBLEMS;
  const shown = problems.slice(0, MAX_PROBLEMS);
  return { outcome: "invalid", problems: more > 0 ? [...shown, `and ${more} more`] : shown };
}

function clip(text: string): string {
  const line = (attempt(() => String(text)) ?? "").replace(/\s+/g, " ");
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}
