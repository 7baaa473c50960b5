/** One set-up of a checkout at a time: two `npm ci` in the same folder would take away each other's files. */
import { createHash } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { step } from "./setup-error.mjs";

const POLL_MS = 200;

/**
 * Runs `work` while holding the checkout's lock: a file that names the process that holds it. The lock of a process
 * that died is taken over.
 */
export function withLock(/** @type {string} */ root, /** @type {() => void} */ work) {
  const file = join(
    tmpdir(),
    `bellwether-setup-${createHash("sha256").update(root).digest("hex").slice(0, 12)}.lock`,
  );
  const release = () => rmSync(file, { force: true });
  acquire(file);
  process.once("exit", release);
  try {
    work();
  } finally {
    release();
    process.removeListener("exit", release);
  }
}

function acquire(/** @type {string} */ file) {
  for (let isTold = false; !tryCreate(file); ) {
    const owner = readOwner(file);
    if (owner !== null && !isAlive(owner)) removeLockOf(owner, file);
    else {
      if (!isTold && owner !== null) step(`waiting for another set-up of this checkout (process ${owner}) …`);
      isTold = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
    }
  }
}

/** The file appears with its content or not at all, so that no process reads an empty one. */
function tryCreate(/** @type {string} */ file) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @returns {number | null} null: released meanwhile */
function readOwner(/** @type {string} */ file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

/** Moves the dead owner's lock away, and puts it back if it turns out to be a new owner's. */
function removeLockOf(/** @type {number} */ owner, /** @type {string} */ file) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readOwner(aside) !== owner) linkSync(aside, file);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function hasCode(/** @type {unknown} */ error, /** @type {string} */ code) {
  return error instanceof Error && "code" in error && error.code === code;
}
