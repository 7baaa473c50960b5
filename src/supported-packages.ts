// Not by name: many projects let the bundler begin the file with an import of that name.
import nodeModule from "node:module";
import path from "node:path";
import { BellwetherError } from "./errors.ts";
import { MANIFEST } from "./manifest.ts";

type PeerName = keyof typeof MANIFEST.peerDependencies;

/**
 * Throws BW_PACKAGE_UNFIT unless the project's copy of the package is in the range of `peerDependencies` and has the
 * functions that Bellwether calls. Package managers warn of another version at most, and some of these functions are
 * not among those that the package promises to keep.
 *
 * @param needed Functions by the name that people see; another version has none at that place.
 */
export function mustFit(name: PeerName, needed: Readonly<Record<string, unknown>>): void {
  const wanted = MANIFEST.peerDependencies[name];
  const installed = findInstalled(name);
  const missing = Object.keys(needed).find(key => typeof needed[key] !== "function") ?? null;
  if (missing === null && (installed === null || isInRange(installed.version, wanted))) return;
  throw new BellwetherError("BW_PACKAGE_UNFIT", { name, wanted, installed, missing });
}

/** Null in a bundle: it holds the package itself, whatever is installed where the bundle is. */
function findInstalled(name: PeerName): { readonly version: string; readonly folder: string } | null {
  if (!/\/supported-packages\.[jt]s$/.test(String(import.meta.url))) return null;
  try {
    const own = nodeModule.createRequire(import.meta.url);
    const file = own.resolve(`${name}/package.json`);
    const { version } = own(file) as { version: string };
    return { version, folder: path.dirname(file) };
  } catch {
    return null;
  }
}

/** Of ranges like `^6.7.0`, which is all that `peerDependencies` has. A release candidate counts as its release. */
function isInRange(version: string, range: string): boolean {
  const [have, want] = [version, range.replace("^", "")].map(text =>
    text.split(/[.-]/).slice(0, 3).map(Number),
  );
  const [major = 0, minor = 0, patch = 0] = have ?? [];
  const [wantMajor = 0, wantMinor = 0, wantPatch = 0] = want ?? [];
  return major === wantMajor && (minor > wantMinor || (minor === wantMinor && patch >= wantPatch));
}
