/** Sees to buildah and what it needs to build and enter an image with no container engine. */
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const PROGRAMS = {
  buildah: "buildah",
  debootstrap: "debootstrap",
  unshare: "util-linux",
  setpriv: "util-linux",
};

export function ensureImageTools() {
  if (process.getuid?.() !== 0) {
    throw new SetupError("The image check mounts and changes root, so it has to be root: sudo npm run image");
  }
  const packages = [...new Set(missing().map(([, name]) => name))];
  if (packages.length > 0) installWithApt(packages, []);
  const still = missing();
  if (still.length > 0) throw new SetupError(waysOut(still));
}

function missing() {
  return Object.entries(PROGRAMS).filter(([program]) => !isInPath(program));
}

function waysOut(/** @type {readonly (readonly [string, string])[]} */ missing) {
  return `The image check needs programs that are not in PATH: ${missing.map(([program]) => program).join(", ")}.

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL} ${[...new Set(missing.map(([, name]) => name))].join(" ")}

Elsewhere Docker builds the image: docker build --tag bellwether .
npm start and npm test do not need them.`;
}
