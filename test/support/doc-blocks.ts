/** A piece of code in a document: fenced, or indented by four. */
export interface DocBlock {
  /** `docs/etcd.md: Looking at it`; the second one under its heading ends with ` (2)`. */
  readonly name: string;
  /** The first word behind the fence; empty without one. */
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

/** All of them, in order. */
export function docBlocks(file: string, markdown: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  const counts = new Map<string, number>();
  const lines = markdown.split("\n");
  let heading = "";
  const add = (language: string, first: number, end: number, indent: string) => {
    const place = `${file}: ${heading}`;
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    const body = lines
      .slice(first, end)
      .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const name = count === 1 ? place : `${place} (${count})`;
    blocks.push({ name, language, text: `${body.join("\n").trimEnd()}\n`, line: first + 1 });
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const fence = /^( *)```(\S*)/.exec(line);
    heading = /^#+ +(.*)$/.exec(line)?.[1] ?? heading;
    if (fence) {
      const indent = fence[1] ?? "";
      const end = lines.findIndex((other, index) => index > at && other.trimEnd() === `${indent}\`\`\``);
      if (end === -1) throw new Error(`${file}:${at + 1}: the fence has no end`);
      add(fence[2] ?? "", at + 1, end, indent);
      at = end;
    } else if (line.startsWith("    ") && lines[at - 1]?.trim() === "") {
      let end = at;
      while (lines[end]?.startsWith("    ") || (lines[end] === "" && lines[end + 1]?.startsWith("    ")))
        end += 1;
      add("", at, end, "    ");
      at = end - 1;
    }
  }
  return blocks;
}
