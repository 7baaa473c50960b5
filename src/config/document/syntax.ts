import type { Document, LineCounter, YAMLParseError, YAMLWarning } from "yaml";

/** A place in the text where it is not the YAML that was meant, and why. */
export interface SyntaxIssue {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

type SyntaxError = YAMLParseError | YAMLWarning;

/**
 * The parser's errors as issues. One slip causes errors in everything behind it. So of the errors that no hint explains
 * only the first is kept; a hinted one is kept once per line.
 */
export function syntaxIssues(document: Document, text: string, lines: LineCounter): SyntaxIssue[] {
  const issues = new Map<number, SyntaxIssue>();
  for (const error of [...document.errors, ...document.warnings]) {
    // Reported by `checkKeys` with its path.
    if (error.code === "NON_STRING_KEY") continue;
    const { line, col } = placeOf(error, text, lines);
    if (issues.has(line)) continue;
    const hint = unquotedReference(error, text, lines) ?? hintFor(lineAt(text, lines, line), line);
    if (hint !== null) issues.set(line, hint);
    else if (issues.size === 0) issues.set(line, { line, column: col, problem: explain(error) });
  }
  return [...issues.values()];
}

/** An error behind the last line (the text ends too early) is shown at the end of the last line with content. */
function placeOf(error: SyntaxError, text: string, lines: LineCounter): { line: number; col: number } {
  const indent = /^ */.exec(text.slice(error.pos[0]))?.[0].length ?? 0;
  const offset = Math.min(error.pos[0] + indent, text.trimEnd().length);
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), col: Math.max(1, col) };
}

function lineAt(text: string, lines: LineCounter, line: number): string {
  const start = lines.lineStarts[line - 1] ?? 0;
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end).trimEnd();
}

const MAX_REFERENCE = 200;
const QUOTED = /"(?:[^"\\]|\\.)*"?|'[^']*'/g;

/** What comes before a value: `key:`, `- `, or one of `[`, `{` and `,`. */
const VALUE_START = String.raw`(?:^\s*|[:\-,[{]\s+|[[{,])`;

const HINTS: readonly { pattern: RegExp; problem: (found: string) => string }[] = [
  {
    pattern: new RegExp(String.raw`${VALUE_START}(?<found>\*(?=[\s/,\]}]|$)[^#"'\]}]*)`, "d"),
    problem: found => `in YAML a value that begins with * is an alias: put quotes around it, "${found}"`,
  },
  {
    pattern: new RegExp(String.raw`${VALUE_START}(?<found>[@%][\w/]+)`, "d"),
    problem: found => `a YAML value cannot begin with ${found[0]}: put quotes around it, "${found}"`,
  },
];

/** Inside [ ] and { } the parser stumbles over the bracket of `${NAME}`. */
function unquotedReference(error: SyntaxError, text: string, lines: LineCounter): SyntaxIssue | null {
  const start = error.pos[0] - 1;
  const reference = /^\$\{[^}\n]*\}?/.exec(text.slice(start, error.pos[0] + MAX_REFERENCE))?.[0];
  if (reference === undefined) return null;
  const { line, col } = lines.linePos(start);
  return { line, column: col, problem: `inside [ ] and { } a reference needs quotes: "${reference}"` };
}

/** What people write unquoted as a cron expression, recognised by the look of the line. */
function hintFor(text: string, line: number): SyntaxIssue | null {
  const visible = text.replace(QUOTED, quoted => '"'.repeat(quoted.length));
  for (const { pattern, problem } of HINTS) {
    const match = pattern.exec(visible);
    const place = match?.indices?.groups?.["found"];
    // In a list the comma of a cron expression (`1,15`) has no space behind it, the comma of the list has one.
    const found = match?.groups?.["found"]?.split(", ")[0]?.trim();
    if (found && place) return { line, column: place[0] + 1, problem: problem(found) };
  }
  return null;
}

const EXPLANATIONS: Partial<Record<SyntaxError["code"], string>> = {
  TAB_AS_INDENT: "a tab is not allowed as indentation: use spaces",
  BLOCK_AS_IMPLICIT_KEY: "a second `: ` stands in one line: put quotes around a value that contains one",
  MULTIPLE_DOCS: "a second document begins here (`---`): expected one document per file",
  TAG_RESOLVE_FAILED: "tags like !name are not supported: expected plain YAML",
  RESOURCE_EXHAUSTION: "it is nested too deeply",
};

function explain(error: SyntaxError): string {
  if (error.code === "BAD_INDENT") return badIndent(error);
  const isQuote = error.code === "MISSING_CHAR" && /quote/.test(error.message);
  return isQuote ? "a quote is opened but never closed" : (EXPLANATIONS[error.code] ?? notYaml(error));
}

function badIndent(error: SyntaxError): string {
  const open = /must be sufficiently indented and end with a (.)/.exec(error.message);
  if (open) return `a bracket is opened but never closed: expected ${open[1]}`;
  return "the indentation does not fit: expected the same column as the keys beside it";
}

function notYaml(error: SyntaxError): string {
  return `this is not valid YAML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
}
