/** Sees to a `redis-server` or `valkey-server` in PATH, which `dev` and the tests start on ports of their own. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError, step } from "./setup-error.mjs";

const SERVERS = ["redis-server", "valkey-server"];
const APT_INSTALL = "apt-get install -y --no-install-recommends redis-server";

const WAYS_OUT = `There is no redis-server or valkey-server in PATH. Any one of these mends it:

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL}
  Fedora, RHEL     sudo dnf install valkey
  Alpine           apk add valkey
  macOS            brew install redis

To start without one (not for the tests), run Redis elsewhere and name it:

  docker run --rm -p 6379:6379 redis:7 redis-server --maxmemory-policy noeviction
  REDIS_URL=redis://127.0.0.1:6379 npm start`;

export function ensureRedisServer() {
  if (SERVERS.some(isInPath)) return;
  const asRoot = rootPrefix();
  if (isInPath("apt-get") && asRoot !== null) installWithApt(asRoot);
  if (!SERVERS.some(isInPath)) throw new SetupError(WAYS_OUT);
}

/** What to put before a command to run it as root without a question; null when there is no way. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n"] : null;
}

function installWithApt(/** @type {readonly string[]} */ asRoot) {
  step("installing redis-server with apt-get …");
  // A mirror that is half away may still have the package: the install decides.
  quietly([...asRoot, "apt-get", "update"]);
  const failure = quietly([...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", ...APT_INSTALL.split(" ")]);
  if (failure !== null) {
    step(`apt-get failed:\n${failure}`);
    return;
  }
  // The package starts a server on port 6379, now and at each boot; nobody asked for that.
  quietly([...asRoot, "service", "redis-server", "stop"]);
  quietly([...asRoot, "update-rc.d", "redis-server", "disable"]);
}

/** @returns {string | null} what the command said, if it failed */
function quietly(/** @type {readonly string[]} */ [command = "", ...args]) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return status === 0 ? null : `${stdout ?? ""}${stderr ?? ""}`.trim();
}

function isInPath(/** @type {string} */ name) {
  return (process.env["PATH"] ?? "").split(delimiter).some(folder => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
