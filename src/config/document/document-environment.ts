import { type Node, visit, type Document as YamlDocument } from "yaml";
import type { Origin } from "./document.ts";
import { type NodeIssue, pathOf } from "./document-nodes.ts";
import { expandReferences, type ReferenceSources, rereadScalar } from "./environment.ts";

export interface AppliedEnvironment {
  readonly origins: ReadonlyMap<Node, Origin>;
  readonly issues: readonly NodeIssue[];
}

/** Fills what references read into the string values of a document, in place. Keys are left alone. */
export function applyEnvironment(yaml: YamlDocument, sources: ReferenceSources): AppliedEnvironment {
  const origins = new Map<Node, Origin>();
  const issues: NodeIssue[] = [];
  visit(yaml, {
    // A key that is no text is a mistake, which shows it.
    Collection: key => (key === "key" ? visit.SKIP : undefined),
    Scalar(key, node, ancestors) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const source = node.value;
      const expansion = expandReferences(source, sources);
      for (const problem of expansion.problems) issues.push({ node, path: pathOf(ancestors, node), problem });
      if (expansion.isExpanded) origins.set(node, { source, text: expansion.text });
      node.value = expansion.isWhole ? rereadScalar(expansion.text) : expansion.text;
    },
  });
  return { origins, issues };
}
