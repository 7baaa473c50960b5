import { StringDecoder } from "node:string_decoder";

/** A longer line is cut off in the log. */
export const LINE_LIMIT = 4_000;

/** Cuts a stream of bytes into lines. Keeps no more than one line's limit, whatever comes. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #line = "";
  #isCut = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const [first = "", ...others] = this.#decoder.write(chunk).split("\n");
    this.#append(first);
    for (const part of others) {
      this.#flush();
      this.#append(part);
    }
  }

  /** What came last may lack its line end. */
  end(): void {
    this.#append(this.#decoder.end());
    if (this.#line !== "") this.#flush();
  }

  #append(text: string): void {
    const room = LINE_LIMIT - this.#line.length;
    if (text.length > room) this.#isCut = true;
    this.#line += text.slice(0, room);
  }

  #flush(): void {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    this.#onLine(this.#isCut ? `${line}…` : line);
    this.#line = "";
    this.#isCut = false;
  }
}

/** The last lines of an output, for an error. */
export class Tail {
  readonly #lineCount: number;
  readonly #limit: number;
  #lines: string[] = [];

  constructor(lineCount: number, limit: number) {
    this.#lineCount = lineCount;
    this.#limit = limit;
  }

  push(line: string): void {
    if (line.trim() === "") return;
    this.#lines = [...this.#lines, line].slice(-this.#lineCount);
  }

  /** Never more than the limit of characters; of the oldest line its end. */
  get lines(): readonly string[] {
    let room = this.#limit;
    return this.#lines
      .toReversed()
      .flatMap(line => {
        const kept = room <= 0 ? "" : line.length <= room ? line : `…${line.slice(1 - room)}`;
        room -= kept.length;
        return kept === "" ? [] : [kept];
      })
      .toReversed();
  }
}
