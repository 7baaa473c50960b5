import { isNode, isScalar, type Node, visit, type YAMLMap, type Document as YamlDocument } from "yaml";
import type { Path } from "./config-issue.ts";
import { type NodeIssue, pathOf } from "./document-nodes.ts";
import { PROTOTYPE_KEY, PROTOTYPE_PROBLEM, problemOfNumber } from "./value-rules.ts";

/** Finds keys that stand twice or are no texts, and numbers that JSON cannot carry to a handler as they are written. */
export function checkKeys(yaml: YamlDocument, lineOf: (node: Node) => number): NodeIssue[] {
  const issues: NodeIssue[] = [];
  visit(yaml, {
    Map(_key, map, ancestors) {
      issues.push(...problemsOfKeys(map, () => pathOf(ancestors, map), lineOf));
    },
    Scalar(key, node, ancestors) {
      if (key === "key" || typeof node.value !== "number") return;
      const problem = problemOfNumber(node.value, node.source);
      if (problem !== null) issues.push({ node, path: pathOf(ancestors, node), problem });
    },
  });
  return issues;
}

function* problemsOfKeys(
  map: YAMLMap,
  pathOfMap: () => Path,
  lineOf: (node: Node) => number,
): Generator<NodeIssue> {
  const seen = new Map<string, Node>();
  for (const { key } of map.items) {
    if (!isScalar(key)) {
      const node = isNode(key) ? key : map;
      yield { node, path: pathOfMap(), problem: "a key must be a plain text" };
      continue;
    }
    const name = String(key.value);
    const first = seen.get(name);
    if (first) {
      yield {
        node: key,
        path: [...pathOfMap(), name],
        problem: `stands twice (the first is in line ${lineOf(first)})`,
      };
    }
    if (name === PROTOTYPE_KEY) yield { node: key, path: [...pathOfMap(), name], problem: PROTOTYPE_PROBLEM };
    seen.set(name, key);
  }
}
