/** Sees to a PostgreSQL that the benchmarks start on ports of their own: only they need it. */
import { existsSync, readdirSync } from "node:fs";
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const WAYS_OUT = `Two of the schedulers that Bellwether is compared with need PostgreSQL, and there is none. Any one of these fixes it:

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL} postgresql
  macOS            brew install postgresql@17, and its folder bin in PATH`;

export function ensurePostgres() {
  if (isThere()) return;
  installWithApt(["postgresql"], ["postgresql"]);
  if (!isThere()) throw new SetupError(WAYS_OUT);
}

/** Debian keeps the server's programs here, out of PATH, below its version. */
const DEBIAN = "/usr/lib/postgresql";

function isThere() {
  if (isInPath("initdb")) return true;
  return (
    existsSync(DEBIAN) && readdirSync(DEBIAN).some(version => existsSync(`${DEBIAN}/${version}/bin/initdb`))
  );
}
