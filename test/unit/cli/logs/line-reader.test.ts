import { expect, it } from "vitest";
import { readLines } from "../../../../src/cli/logs/line-reader.ts";
import { listOf } from "./lines.ts";

async function* chunks(...parts: readonly string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part, "latin1");
}

async function linesOf(...parts: readonly string[]): Promise<string[]> {
  const lines = await listOf(readLines(chunks(...parts), 8));
  return lines.map(({ text, cutBytes }) => (cutBytes === 0 ? text : `${text}+${cutBytes}`));
}

it.each([
  ["whole lines", ["a\nb\n"], ["a", "b"]],
  ["a last line without an end", ["a\nb"], ["a", "b"]],
  ["a line in several chunks", ["a", "b", "\nc"], ["ab", "c"]],
  ["a character in two chunks", ["\xc3", "\xa9\n"], ["é"]],
  ["empty lines", ["\n\na\n"], ["", "", "a"]],
  ["the line ends of Windows", ["a\r\nb\r\n"], ["a", "b"]],
  [
    "lines that are too long, with what is missing",
    ["0123456789abc\nb\n", "01234567", "89"],
    ["01234567+5", "b", "01234567+2"],
  ],
  ["a long line and no memory of it", ["0123456789", "0123456789", "\nb"], ["01234567+12", "b"]],
  ["bytes that are no text", ["\xff\x00\n"], ["\ufffd\u0000"]],
  ["nothing", [], []],
])("reads %s", async (_title, parts, lines) => {
  expect(await linesOf(...parts)).toEqual(lines);
});
