/** Sees to etcd, etcdctl and openssl in PATH, which the tests use: servers on ports of their own, certificates. */
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const PROGRAMS = { etcd: "etcd-server", etcdctl: "etcd-client", openssl: "openssl" };

export function ensureEtcd() {
  const packages = missing().map(([, name]) => name);
  if (packages.length > 0) installWithApt(packages, packages.includes("etcd-server") ? ["etcd"] : []);
  const still = missing();
  if (still.length > 0) throw new SetupError(waysOut(still));
}

function missing() {
  return Object.entries(PROGRAMS).filter(([program]) => !isInPath(program));
}

function waysOut(/** @type {readonly (readonly [string, string])[]} */ missing) {
  return `The tests of the election on etcd need programs that are not in PATH: ${missing.map(([program]) => program).join(", ")}.
Any one of these mends it:

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL} ${missing.map(([, name]) => name).join(" ")}
  macOS            brew install etcd openssl
  others           https://github.com/etcd-io/etcd/releases has etcd and etcdctl

npm start does not need them; nor does npm test -- --project unit.`;
}
