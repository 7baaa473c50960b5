import { describe, expect, test } from "vitest";
import { LINE_LIMIT, LineSplitter, Tail } from "../../../src/handlers/output-lines.ts";

function split(...chunks: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(line => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

const EURO = Buffer.from("€\n");
const LONG = "x".repeat(LINE_LIMIT);

describe("output is cut into lines", () => {
  test.each([
    ["nothing is no line", [], []],
    ["several lines in one chunk", ["a\nb\n"], ["a", "b"]],
    ["one line in several chunks", ["a", "b", "c\n"], ["abc"]],
    ["empty lines are lines", ["a\n\nb\n"], ["a", "", "b"]],
    ["the last line may lack its end", ["a\nb"], ["a", "b"]],
    ["line ends of Windows", ["a\r\nb\r\n"], ["a", "b"]],
    ["a character in two chunks", [EURO.subarray(0, 1), EURO.subarray(1)], ["€"]],
    ["a line of just the limit is whole", [`${LONG}\n`], [LONG]],
    ["a longer line is cut, and the next one is not", [LONG, "yyy", "zzz\nnext\n"], [`${LONG}…`, "next"]],
  ])("%s", (_name, chunks, lines) => {
    expect(split(...chunks)).toEqual(lines);
  });
});

describe("the tail of an output", () => {
  const tailOf = (lines: readonly string[], count: number, limit: number) => {
    const tail = new Tail(count, limit);
    for (const line of lines) tail.push(line);
    return tail.lines;
  };

  test.each([
    ["is the last lines", ["a", "b", "c"], 2, 100, ["b", "c"]],
    ["leaves out empty ones", ["a", "", "  ", "b"], 2, 100, ["a", "b"]],
    ["is empty without output", [], 2, 100, []],
    ["is bounded: the newest first, of the oldest its end", ["0123456789", "abc"], 5, 8, ["…6789", "abc"]],
    ["may be the end of a single line", ["0123456789"], 5, 4, ["…789"]],
  ])("%s", (_name, lines, count, limit, expected) => {
    expect(tailOf(lines, count, limit)).toEqual(expected);
  });
});
