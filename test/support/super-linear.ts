import { parseSync, Visitor } from "oxc-parser";
import { analyse, type Literal } from "scslre";

/** A regular expression in a source file; null where it is put together at run time. */
interface Expression {
  readonly line: number;
  readonly text: string;
  readonly literal: Literal | null;
}

/** Regular expressions of a file that take more than linear time, and those that cannot be checked: `12: /a+$/`. */
export function superLinearIn(file: string, source: string): string[] {
  return expressionsIn(file, source)
    .filter(({ literal }) => literal === null || analyse(literal, { maxReports: 1 }).reports.length > 0)
    .map(({ line, text }) => `${line}: ${text}`);
}

function expressionsIn(file: string, source: string): Expression[] {
  const found: Expression[] = [];
  const add = ({ start, end }: { start: number; end: number }, literal: Literal | null) => {
    const line = source.slice(0, start).split("\n").length;
    found.push({ line, text: source.slice(start, end), literal });
  };
  const { program } = parseSync(file, source);
  new Visitor({
    Literal(node) {
      if ("regex" in node) add(node, { source: node.regex.pattern, flags: node.regex.flags });
    },
    NewExpression(node) {
      if (node.callee.type !== "Identifier" || node.callee.name !== "RegExp") return;
      const [pattern, flags] = node.arguments.map(argument =>
        argument.type === "Literal" && typeof argument.value === "string" ? argument.value : null,
      );
      add(
        node,
        typeof pattern === "string" && flags !== null ? { source: pattern, flags: flags ?? "" } : null,
      );
    },
  }).visit(program);
  return found;
}
