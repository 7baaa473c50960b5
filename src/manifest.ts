/**
 * What the code needs of package.json. The build writes this file with the values in it, so that a bundle needs no
 * package.json beside it.
 */
import { readFileSync } from "node:fs";

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: { readonly bullmq: string; readonly ioredis: string };
}

export const MANIFEST: Manifest = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);
