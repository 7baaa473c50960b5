/** Installs Debian packages where that is possible without asking. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isInPath } from "./in-path.mjs";
import { step } from "./setup-error.mjs";

export const APT_INSTALL = "apt-get install -y --no-install-recommends";

/**
 * Installs the packages, and keeps the servers that come with them from running: they would start now and at each boot,
 * which the caller did not ask for. Without apt-get or the right to use it nothing happens.
 */
export function installWithApt(
  /** @type {readonly string[]} */ packages,
  /** @type {readonly string[]} */ services,
) {
  const asRoot = rootPrefix();
  if (!isInPath("apt-get") || asRoot === null) return;
  step(`installing ${packages.join(", ")} with apt-get …`);
  // A mirror that is half away may still have the package: the install decides.
  quietly([...asRoot, "apt-get", "update"]);
  const install = [...APT_INSTALL.split(" "), ...packages];
  const failure = quietly([...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", ...install]);
  if (failure !== null) {
    step(`apt-get failed:\n${failure}`);
    return;
  }
  for (const service of services) {
    quietly([...asRoot, "service", service, "stop"]);
    quietly([...asRoot, "update-rc.d", service, "disable"]);
  }
}

/**
 * Takes one file out of a package without installing it, and so without the server that the package would start.
 * Needs no root where apt's lists are there.
 */
export function extractWithApt(
  /** @type {string} */ name,
  /** @type {string} */ file,
  /** @type {string} */ target,
) {
  if (!isInPath("apt-get") || !isInPath("dpkg-deb")) return;
  step(`taking ${file} out of the package ${name} …`);
  const asRoot = rootPrefix();
  if (asRoot !== null) quietly([...asRoot, "apt-get", "update"]);
  const folder = mkdtempSync(join(tmpdir(), "bellwether-apt-"));
  try {
    const failure =
      quietly(["apt-get", "-o", "APT::Sandbox::User=", "download", name], folder) ??
      quietly(["sh", "-c", "dpkg-deb --extract ./*.deb content"], folder);
    if (failure !== null) {
      step(`apt-get failed:\n${failure}`);
      return;
    }
    mkdirSync(dirname(target), { recursive: true });
    // The program appears whole or not at all.
    const draft = `${target}.${process.pid}`;
    copyFileSync(join(folder, "content", file), draft);
    renameSync(draft, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What to put before a command to run it as root without a question; null when there is no way. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n"] : null;
}

/** @returns {string | null} what the command said, if it failed */
function quietly(/** @type {readonly string[]} */ [command = "", ...args], /** @type {string} */ cwd = ".") {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return status === 0 ? null : `${stdout ?? ""}${stderr ?? ""}`.trim();
}
