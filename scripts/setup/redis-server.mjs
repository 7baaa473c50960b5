/** Sees to a `redis-server` or `valkey-server` in PATH, which `dev` and the tests start on ports of their own. */
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const SERVERS = ["redis-server", "valkey-server"];

const WAYS_OUT = `There is no redis-server or valkey-server in PATH. Any one of these mends it:

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL} redis-server
  Fedora, RHEL     sudo dnf install valkey
  Alpine           apk add valkey
  macOS            brew install redis

To start without one (not for the tests), run Redis elsewhere and name it:

  docker run --rm -p 6379:6379 redis:7 redis-server --maxmemory-policy noeviction
  REDIS_URL=redis://127.0.0.1:6379 npm start`;

export function ensureRedisServer() {
  if (SERVERS.some(isInPath)) return;
  installWithApt(["redis-server"], ["redis-server"]);
  if (!SERVERS.some(isInPath)) throw new SetupError(WAYS_OUT);
}
