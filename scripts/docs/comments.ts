/** Takes the comments out of source files, line by line, as Markdown. */
import { parseSync } from "oxc-parser";
import type { Passage } from "./sentences.ts";

/** Comments that are instructions for a tool. */
const DIRECTIVE = /^\s*(biome-ignore|@ts-|@vitest|eslint|#!|<reference)/;

export function commentsOf(file: string, source: string): Passage[] {
  if (!file.endsWith(".lua")) return scriptComments(file, source);
  return lineComments(luaComments(source)).map(({ text, line }) => ({ text: withoutTable(text), line }));
}

/** The list of keys, arguments and results at the top of a script is a table: its lines become headings. */
function withoutTable(text: string): string {
  return text.replaceAll(
    /^(KEYS|ARGV|Returns?) .*|^(KEYS|ARGV|Returns?)$|^ {2,}\S.*/gm,
    row => `# ${row.trim()}`,
  );
}

/** A comment of one line. */
interface LineComment extends Passage {
  /** Without code before it on the line. */
  readonly isAlone: boolean;
}

function scriptComments(file: string, source: string): Passage[] {
  const found = parseSync(file, source).comments.map(({ type, value, start }) => {
    const before = source.slice(0, start).split("\n");
    return { type, text: value, line: before.length, isAlone: before.at(-1)?.trim() === "" };
  });
  const blocks = found
    .filter(({ type }) => type === "Block")
    .map(({ text, line }) => ({ text: text.replaceAll(/^[ \t]*\*+ ?/gm, "").replace(/^ /, ""), line }));
  return [...blocks.map(paragraphsAtTags), ...lineComments(found.filter(({ type }) => type === "Line"))]
    .filter(({ text }) => !DIRECTIVE.test(text))
    .sort((a, b) => a.line - b.line);
}

/** Each `@param` or `@see` begins a list item. A blank line would do as well, but would change the line numbers. */
function paragraphsAtTags({ text, line }: Passage): Passage {
  return { text: text.replaceAll(/^@(\w+) /gm, "- "), line };
}

function luaComments(source: string): LineComment[] {
  return source.split("\n").flatMap((code, i) => {
    const [, before = "", text = ""] = /^(.*?)--(.*)$/.exec(code) ?? [];
    return text === "" ? [] : [{ text, line: i + 1, isAlone: before.trim() === "" }];
  });
}

/** Comments on neighbouring lines are one text. */
function lineComments(comments: readonly LineComment[]): Passage[] {
  const joined: { text: string; line: number; last: number; isAlone: boolean }[] = [];
  for (const { text, line, isAlone } of comments) {
    const before = joined.at(-1);
    if (before?.isAlone && isAlone && before.last === line - 1 && !DIRECTIVE.test(text)) {
      before.text += `\n${text.replace(/^ /, "")}`;
      before.last = line;
    } else joined.push({ text: text.replace(/^ /, ""), line, last: line, isAlone });
  }
  return joined;
}
