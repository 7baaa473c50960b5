import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { type LogGap, LogOutput } from "../../src/log-output.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

function open(file: string, flags: number): number {
  const fd = openSync(file, flags);
  closers.push(() => closeSync(fd));
  return fd;
}

/** A pipe that is never waited for, and its reader. */
function setup() {
  const dir = mkdtempSync(path.join(tmpdir(), "bellwether-log-"));
  closers.push(() => rmSync(dir, { recursive: true }));
  const pipe = path.join(dir, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reader = open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const output = new LogOutput(open(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
  const gaps: LogGap[] = [];
  output.onGap(gap => gaps.push(gap));
  const chunk = Buffer.alloc(1 << 20);
  let read = "";
  const readAll = () => {
    for (;;) {
      try {
        read += chunk.toString("utf8", 0, readSync(reader, chunk));
      } catch {
        return read;
      }
    }
  };
  return { output, gaps, readAll };
}

const lineOf = (n: number) => `${JSON.stringify({ n, text: "x".repeat(1_000) })}\n`;
const numbersOf = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map(line => JSON.parse(line).n as number);

test("keeps every line of a reader that pauses, and reports no gap", () => {
  const { output, gaps, readAll } = setup();
  for (let n = 0; n < 500; n++) output.write(lineOf(n));
  readAll();
  for (let n = 500; n < 510; n++) {
    output.write(lineOf(n));
    readAll();
  }
  while (numbersOf(readAll()).length < 510) output.write("");
  expect(numbersOf(readAll())).toEqual(Array.from({ length: 510 }, (_, n) => n));
  expect({ dropped: output.dropped, gaps }).toEqual({ dropped: 0, gaps: [] });
});

test("drops and counts the lines of a reader that stopped, and reports them once it reads, with no line cut", () => {
  const { output, gaps, readAll } = setup();
  const told: (string | undefined)[] = [];
  output.onFailure(error => told.push(error.code));
  const written = 3_000;
  for (let n = 0; n < written; n++) output.write(lineOf(n));
  expect(output.dropped).toBeGreaterThan(0);
  while (gaps.length === 0) {
    readAll();
    output.write("");
  }
  const kept = numbersOf(readAll());
  expect(kept).toEqual(kept.map((_, n) => n));
  expect(gaps).toMatchObject([{ dropped: expect.any(Number), error: expect.stringContaining("EAGAIN") }]);
  expect(kept.length + (gaps[0]?.dropped ?? 0)).toBeGreaterThanOrEqual(written);
  expect(told).toEqual(["EAGAIN"]);
});

test.each([
  ["a full disk", "/dev/full", constants.O_WRONLY, "ENOSPC"],
  ["a descriptor that is not for writing", "/dev/null", constants.O_RDONLY, "EBADF"],
])("neither throws nor keeps lines for %s", (_, file, flags, code) => {
  // It stays open: the output tries again later.
  const output = new LogOutput(openSync(file, flags));
  const told: (string | undefined)[] = [];
  output.onFailure(error => told.push(error.code));
  for (let n = 0; n < 100; n++) output.write(lineOf(n));
  expect(output.dropped).toBe(99);
  expect(told).toEqual([code]);
});

test("reports a gap again when its report cannot be written either", () => {
  const { output, gaps, readAll } = setup();
  let isFirst = true;
  output.onGap(() => {
    if (!isFirst) return;
    isFirst = false;
    for (let n = 0; n < 3_000; n++) output.write(lineOf(n));
  });
  for (let n = 0; n < 3_000; n++) output.write(lineOf(n));
  while (gaps.length < 2) {
    readAll();
    output.write("");
  }
  expect(gaps[1]?.dropped).toBe(output.dropped);
  expect(gaps[1]?.dropped).toBeGreaterThan(gaps[0]?.dropped ?? 0);
});
