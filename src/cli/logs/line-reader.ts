/** A line of an input; of one that is longer than the limit, only its beginning. */
export interface InputLine {
  readonly text: string;
  /** How many bytes were left out at its end. */
  readonly cutBytes: number;
}

/** Splits bytes into lines of at most `limitBytes`, so that an input without line ends needs no more memory than others. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<InputLine> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let cutBytes = 0;
  const keep = (part: Uint8Array) => {
    const kept = part.subarray(0, Math.max(0, limitBytes - bytes));
    cutBytes += part.length - kept.length;
    bytes += kept.length;
    if (kept.length > 0) parts.push(kept);
  };
  const end = (): InputLine => {
    const text = Buffer.concat(parts).toString("utf8").replace(/\r$/, "");
    const line = { text, cutBytes };
    parts = [];
    bytes = 0;
    cutBytes = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    keep(chunk.subarray(from));
  }
  if (bytes > 0) yield end();
}

const NEWLINE = 10;
