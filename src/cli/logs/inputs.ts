import { constants, createReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";
import { addAbortSignal, pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CliFailure, EXIT, type Io, whyUnreadable } from "../io.ts";

/** A file or stdin. */
export interface LogInput {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * What a command line names, or a failure that lists all files that cannot be read (exit code 2). The inputs end when what
 * read the output has closed it.
 */
export async function openInputs(files: readonly string[], io: Io): Promise<LogInput[]> {
  const names = files.length === 0 ? ["-"] : files;
  if (names.includes("-") && process.stdin.isTTY)
    throw new CliFailure("stdin is a terminal: name files, or pipe `kubectl logs` into it", EXIT.usage);
  const problems: string[] = [];
  for (const name of names) if (name !== "-") problems.push(...(await problemsOf(name, io)));
  if (problems.length > 0) throw new CliFailure(problems.join("\n"), EXIT.usage);
  const { unread } = io;
  return names.map(name => {
    if (name === "-") return { name: "stdin", chunks: unzipped("stdin", () => process.stdin, unread) };
    const open = () => createReadStream(path.resolve(io.cwd, name));
    return { name: path.basename(name), chunks: unzipped(name, open, unread) };
  });
}

async function problemsOf(name: string, io: Io): Promise<string[]> {
  try {
    const file = path.resolve(io.cwd, name);
    await access(file, constants.R_OK);
    return (await stat(file)).isDirectory() ? [`${name}: ${whyUnreadable("EISDIR")}`] : [];
  } catch (error) {
    return [`${name}: ${whyUnreadable(error)}`];
  }
}

/** Rotated logs are often compressed. Opened when they are read: there may be more files than descriptors. */
async function* unzipped(
  name: string,
  open: () => Readable,
  unread: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    const input = open();
    // An open stdin would keep the process alive.
    if (unread) addAbortSignal(unread, input);
    const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    const first = await chunks.next();
    if (first.done) return;
    const all = startingWith(first.value, chunks);
    const [a, b] = first.value;
    if (a === 0x1f && b === 0x8b) {
      const gunzip = createGunzip();
      // The reader below gets the error.
      pipeline(all, gunzip, () => undefined);
      yield* gunzip;
    } else yield* all;
  } catch (error) {
    if (unread?.aborted) return;
    const isDamaged = error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
    const why = isDamaged ? "it is compressed, and damaged or cut" : whyUnreadable(error);
    throw new CliFailure(`${name}: ${why}`);
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
