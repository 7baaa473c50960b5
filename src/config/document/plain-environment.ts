import type { Path } from "./config-issue.ts";
import type { Origin } from "./document.ts";
import { expandReferences, type ReferenceSources, rereadScalar } from "./environment.ts";

/** No key holds it unescaped. */
const SEPARATOR = "\0";

/**
 * Fills what references read into the texts of a value, in place. Returns where each value came from, or null when a
 * reference cannot be filled in.
 */
export function expandValues(
  value: object,
  sources: ReferenceSources,
): ((path: Path) => Origin | undefined) | null {
  const origins = new Map<string, Origin>();
  const isExpanded = expandIn(value, "", { sources, origins });
  return isExpanded ? path => origins.get(path.map(part => SEPARATOR + part).join("")) : null;
}

interface Expansions {
  readonly sources: ReferenceSources;
  readonly origins: Map<string, Origin>;
}

function expandIn(parent: object, path: string, into: Expansions): boolean {
  const values = parent as Record<string, unknown>;
  for (const key in values) {
    const value = values[key];
    if (typeof value === "object" && value !== null) {
      if (!expandIn(value, path + SEPARATOR + key, into)) return false;
    } else if (typeof value === "string" && value.includes("${")) {
      const expansion = expandReferences(value, into.sources);
      if (expansion.problems.length > 0) return false;
      const { text, isWhole } = expansion;
      if (expansion.isExpanded) into.origins.set(path + SEPARATOR + key, { source: value, text });
      values[key] = isWhole ? rereadScalar(text) : text;
    }
  }
  return true;
}
