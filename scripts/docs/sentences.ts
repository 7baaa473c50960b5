/** Takes the prose out of Markdown: sentences of running text, and everything in which a word may be listed. */
import { visit } from "unist-util-visit";
import { parseMarkdown } from "./markdown.ts";

/** A piece of prose and the line on which it begins. */
export interface Passage {
  readonly text: string;
  readonly line: number;
}

export interface Prose {
  /** Of paragraphs and list items; tables, code and headings have none. */
  readonly sentences: readonly Passage[];
  /** All text in which a listed word counts: of tables and headings too. Code in a line is left out. */
  readonly passages: readonly Passage[];
}

/** Code within a sentence counts as one word, whatever is in it. In upper case, because it may begin a sentence. */
const CODE = "CODE";

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/** `firstLine`: of the text in its file. */
export function proseOf(markdown: string, firstLine = 1): Prose {
  const sentences: Passage[] = [];
  const passages: Passage[] = [];
  visit(parseMarkdown(markdown), node => {
    if (node.type !== "paragraph" && node.type !== "heading" && node.type !== "tableCell") return;
    const line = firstLine + (node.position?.start.line ?? 1) - 1;
    const text = textOf(node);
    passages.push({ text, line });
    if (node.type !== "paragraph") return;
    for (const { segment, index } of SENTENCES.segment(text.replaceAll("\n", " "))) {
      sentences.push({ text: segment.trim(), line: line + text.slice(0, index).split("\n").length - 1 });
    }
  });
  return { sentences, passages };
}

export function wordsIn({ text }: Passage): number {
  return text.split(/\s+/).filter(word => /[\p{L}\p{N}]/u.test(word)).length;
}

/** The title of a test in quotation marks is a name, like code. */
function isTitle(link: Node): boolean {
  return /^".*"$/s.test(link.children?.map(textOf).join("") ?? "");
}

type Node = { readonly type: string; readonly value?: string; readonly children?: readonly Node[] };

function textOf(node: Node): string {
  if (node.type === "inlineCode") return CODE;
  if (node.type === "html") return "";
  if (node.type === "link" && isTitle(node)) return CODE;
  if (node.type === "break") return "\n";
  return node.value ?? node.children?.map(textOf).join("") ?? "";
}
