import { isMap, isPair, isScalar, isSeq, type LineCounter, type Node } from "yaml";
import type { Path } from "./config-issue.ts";

/** Something wrong with one node of the text. */
export interface NodeIssue {
  readonly node: Node;
  readonly path: Path;
  readonly problem: string;
}

export const MERGE_KEY = "<<";

/** The path that a visitor has walked to reach a node. */
export function pathOf(ancestors: readonly unknown[], node: unknown): Path {
  return [...ancestors, node].flatMap((child, index, chain): (string | number)[] => {
    const parent = chain[index - 1];
    if (isPair(child) && isMap(parent)) return [isScalar(child.key) ? String(child.key.value) : "?"];
    return isSeq(parent) ? [parent.items.indexOf(child)] : [];
  });
}

/** Where a node begins; the start of the file for one that is not in the text. */
export function placeOf(node: Node | null, lines: LineCounter): { line: number; column: number } {
  const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
