import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { describeFailure, NOT_REGULAR, NOT_UTF8 } from "./files.ts";

/** Kubernetes allows 1 MiB for all keys of a secret together; a password, a token or a key has a few kB. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** What a file holds, or why that cannot be used. */
export type Secret =
  | { readonly text: string }
  | {
      readonly problem: string;
      /** There is no such file, or nothing in it: a default may replace it. */
      readonly isMissing: boolean;
    };

/** Reads the file that a `${file:…}` reference names; the path is absolute. */
export type ReadSecret = (file: string) => Secret;

/** Where no file may be read. */
export const refuseToRead: ReadSecret = () => ({ problem: "files are not read here", isMissing: false });

/** The files that one load of the configuration refers to. Each is read once, so that all who name it see the same. */
export class SecretFiles {
  readonly #secrets = new Map<string, Secret>();

  readonly read: ReadSecret = file => {
    const secret = this.#secrets.get(file) ?? readSecretFile(file);
    this.#secrets.set(file, secret);
    return secret;
  };

  /** Every file that was asked for, also one that could not be read. */
  get paths(): readonly string[] {
    return [...this.#secrets.keys()];
  }
}

/** The text of a file without one newline at its end, which editors and `echo` leave and no secret means. */
export function readSecretFile(file: string): Secret {
  try {
    const bytes = readBounded(file);
    if ("problem" in bytes) return { ...bytes, isMissing: false };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
    if (text.includes("\0")) return { problem: "it is binary: expected text", isMissing: false };
    return text === "" ? { problem: "the file is empty", isMissing: true } : { text };
  } catch (error) {
    if (error instanceof TypeError) return { problem: NOT_UTF8, isMissing: false };
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return { problem: describeFailure(error, "file"), isMissing };
  }
}

/**
 * The opened file is the one that is checked: the path may be swapped meanwhile, and a file that claims to have no
 * bytes (/proc) may have many. The open does not block, because a pipe may have no writer.
 */
function readBounded(file: string): Buffer | { problem: string } {
  const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(opened);
    if (found.isDirectory()) return { problem: "found a directory, expected a file" };
    if (!found.isFile()) return { problem: NOT_REGULAR };
    const buffer = Buffer.alloc(MAX_SECRET_BYTES + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < buffer.length; length += more) {
      more = readSync(opened, buffer, length, buffer.length - length, null);
    }
    if (length > MAX_SECRET_BYTES)
      return { problem: `it is too large: expected at most ${MAX_SECRET_BYTES} bytes` };
    return buffer.subarray(0, length);
  } finally {
    closeSync(opened);
  }
}
