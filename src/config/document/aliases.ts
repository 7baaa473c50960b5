import { isAlias, isMap, isPair, isScalar, type Node, visit, type Document as YamlDocument } from "yaml";
import { MERGE_KEY } from "./document-nodes.ts";

/** Aliases are for sharing a few lines, not for growing a file into gigabytes. */
export const MAX_ALIASES = 1_000;

export interface AliasIssue {
  readonly problem: string;
  /** The place, where there is a single one. */
  readonly node: Node | null;
}

/** Why the aliases of a document could not be resolved, from what the parser threw. */
export function explainAliasError(error: unknown, yaml: YamlDocument): AliasIssue {
  const message = error instanceof Error ? error.message : "";
  if (/Excessive alias count/.test(message)) {
    const problem = `aliases (*name) are used too often: expected at most ${MAX_ALIASES} uses in a file; what jobs share can be in its defaults, and jobs in several files`;
    return { problem, node: null };
  }
  const name = /^Unresolved alias.*?: (.*)$/s.exec(message)?.[1];
  if (name !== undefined) {
    const problem = `the alias *${name} has no anchor &${name} before it (as a text it needs quotes: "*${name}")`;
    return { problem, node: findAlias(yaml, name) };
  }
  if (/Merge sources/.test(message)) {
    return { problem: "<< takes mappings only, like <<: *name", node: findBadMerge(yaml) };
  }
  return { problem: "the aliases (*name) cannot be resolved", node: null };
}

function findAlias(yaml: YamlDocument, name: string): Node | null {
  return findNode(yaml, node => (isAlias(node) && node.source === name ? node : null));
}

function findBadMerge(yaml: YamlDocument): Node | null {
  return findNode(yaml, pair => {
    if (!isPair(pair) || !isScalar(pair.key) || pair.key.value !== MERGE_KEY) return null;
    return isMap(pair.value) || isAlias(pair.value) ? null : pair.key;
  });
}

/** The first node that is found in the order of the text, or null. */
function findNode(yaml: YamlDocument, find: (node: unknown) => Node | null): Node | null {
  let found: Node | null = null;
  visit(yaml, (_key, node) => {
    found = find(node);
    return found === null ? undefined : visit.BREAK;
  });
  return found;
}
