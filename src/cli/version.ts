import { MANIFEST } from "../manifest.ts";

/** The version in package.json. */
export function version(): string {
  return MANIFEST.version;
}
