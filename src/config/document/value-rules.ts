// What no value of a configuration may be, in a file or in code.

const MAX_DEPTH = 100;
/** Assigning to it would reach into the prototype of whatever reads the configuration. */
export const PROTOTYPE_KEY = "__proto__";
export const PROTOTYPE_PROBLEM = "is not allowed as a key";

/** Why JSON cannot carry a number to a handler, or null. */
export function problemOfNumber(value: number, source = String(value)): string | null {
  // To YAML 1.1 it is octal, or a text; as a post code or an id it means its zeros.
  if (/^[-+]?0\d/.test(source)) {
    return `\`${source}\` would be ${value}, without its zeros: put quotes around it, or leave them out`;
  }
  if (!Number.isFinite(value)) return `found \`${source}\`, expected a finite number`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `\`${source}\` is too large to stay exact as a number: put quotes around it`;
  }
  return null;
}

/** Why nothing may walk through a value, or null: it is endless (an alias inside its own anchor) or too deep. */
export function problemOfDepth(value: unknown, ancestors: readonly unknown[] = []): string | null {
  if (typeof value !== "object" || value === null) return null;
  if (ancestors.includes(value)) return "an alias (*name) contains itself";
  if (ancestors.length >= MAX_DEPTH) return `it is nested too deeply: expected at most ${MAX_DEPTH} levels`;
  const path = [...ancestors, value];
  for (const child of Object.values(value)) {
    const problem = problemOfDepth(child, path);
    if (problem !== null) return problem;
  }
  return null;
}
