import { type LogOutput, stderrLines, stdoutLines } from "../log-output.ts";
import { EXIT, type Io } from "./io.ts";

/** What a shell shows for a program that SIGPIPE ended. Node.js ignores that signal and gets an error instead. */
const EXIT_BROKEN_PIPE = 141;

/**
 * This process's input and output. The reader may close the output (`backfill … | head`). The command then drops what
 * it still prints and goes on to its end, because it may be half done. Its exit code is 141 then, if it would have been
 * 0.
 */
export function openProcessIo(): Io {
  /** Nothing more can be written. */
  const unread = new AbortController();
  let isService = false;
  const onClosed = () => {
    process.exitCode ||= EXIT_BROKEN_PIPE;
    unread.abort();
  };
  const onError = (stream: string) => (error: NodeJS.ErrnoException) => {
    if (isService) return;
    if (error.code === "EPIPE") onClosed();
    else {
      process.exitCode ||= EXIT.failed;
      if (stream !== "stdout" || unread.signal.aborted) return;
      process.stderr.write(`cannot write the output: ${error.message}\n`);
      unread.abort();
    }
  };
  // They stay for good: Node.js reports an error of the last line after the command has ended.
  process.stdout.on("error", onError("stdout"));
  process.stderr.on("error", onError("stderr"));
  return {
    env: process.env,
    cwd: process.cwd(),
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
    unread: unread.signal,
    goOnWithoutOutput: ({ untilClosed } = { untilClosed: false }) => {
      isService = true;
      if (untilClosed) stdoutLines.onFailure(error => error.code === "EPIPE" && onClosed());
      divert(process.stdout, stdoutLines);
      divert(process.stderr, stderrLines);
    },
  };
}

/** What handlers and packages print goes the way of the log: a stream that failed once would never write again. */
function divert(stream: NodeJS.WriteStream, lines: LogOutput): void {
  type Done = (error?: Error | null) => void;
  const write = (chunk: string | Uint8Array, encodingOrDone?: BufferEncoding | Done, done?: Done) => {
    const encoding = typeof encodingOrDone === "string" ? encodingOrDone : "utf8";
    lines.write(typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk));
    const callback = typeof encodingOrDone === "function" ? encodingOrDone : done;
    if (callback) process.nextTick(callback, null);
    return true;
  };
  stream.write = write as typeof stream.write;
}
