import { execFile } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { locationOf, OWN_CODE } from "./stack-frames.ts";
import { attempt, readThrown } from "./thrown.ts";

const SYNTAX_CHECK_LIMIT_MS = 10_000;

/**
 * Says in one line why a module could not be imported, and where: `TypeError: no such table (jobs/a.ts:3:9)`.
 * `file` is null for a package; `shorten` makes a path fit for people.
 */
export async function explainImportError(
  thrown: unknown,
  file: string | null,
  shorten: (file: string) => string,
): Promise<string> {
  const { isError, name, message, stack } = readThrown(thrown);
  if (!isError) return `${message} (thrown, and not an Error)`;
  const text = `${name}: ${message.split("\n")[0] ?? ""}`;
  const position =
    positionIn(stack ?? "") ??
    (file !== null && attempt(() => thrown instanceof SyntaxError)
      ? positionIn(await syntaxCheck(file))
      : null);
  return position === null ? text : `${text} (${shorten(position.file)}${position.suffix})`;
}

interface Position {
  readonly file: string;
  /** `:line` or `:line:column` */
  readonly suffix: string;
}

/** From the head that Node puts before a syntax error (file:line, source, caret), else from the first frame that is the project's. */
function positionIn(stack: string): Position | null {
  const head = /^((?:file:\/\/)?\/.+):(\d+)\n(?:.*\n)*?( *)\^/.exec(stack);
  if (head) return toPosition(head[1], `:${head[2]}:${(head[3] ?? "").length + 1}`);
  const places = stack
    .split("\n")
    .map(line => /^(file:\/\/\/[^)]+?)(:\d+:\d+)$/.exec(locationOf(line) ?? ""));
  // Our resolve hook is in the stack of a module that is not found; it is not to blame.
  const place = places.find(place => place !== null && !place[0].startsWith(OWN_CODE));
  return place ? toPosition(place[1], place[2]) : null;
}

function toPosition(location = "", suffix = ""): Position {
  return { file: location.startsWith("file:") ? fileURLToPath(location) : path.normalize(location), suffix };
}

/** V8 keeps the place of a syntax error in plain JavaScript to itself until it prints it. */
async function syntaxCheck(file: string): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, ["--check", file], { timeout: SYNTAX_CHECK_LIMIT_MS });
    return "";
  } catch (error) {
    return error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  }
}
