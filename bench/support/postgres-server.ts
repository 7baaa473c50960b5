/** A private PostgreSQL: a free port on loopback, its data in a temporary folder, removed by `stop()`. Its settings are the defaults. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { unusedPort } from "../../test/support/unused-port.ts";

export interface BenchPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const START_LIMIT_MS = 60_000;
const READY = /database system is ready to accept connections/;

export async function startPostgres(): Promise<BenchPostgres> {
  const programs = programsFolder();
  const account = await accountOf();
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-postgres-"));
  if (account !== null) await chown(dir, account.uid, account.gid);
  const as = account ?? {};
  const data = path.join(dir, "data");
  await promisify(execFile)(
    path.join(programs, "initdb"),
    ["-D", data, "-U", "bench", "-A", "trust", "--no-locale", "-E", "UTF8"],
    { cwd: dir, ...as },
  );
  const port = await unusedPort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories="].flatMap(one => ["-c", one]);
  const child = spawn(path.join(programs, "postgres"), ["-D", data, "-p", String(port), ...settings], {
    cwd: dir,
    stdio: ["ignore", "ignore", "pipe"],
    ...as,
  });
  await ready(child);
  return {
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    stop: async () => {
      const ended = once(child, "exit");
      if (child.exitCode === null) {
        // An immediate shutdown: the data is not needed any more.
        child.kill("SIGQUIT");
        await ended;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Debian keeps the server's programs out of PATH, below its version. */
function programsFolder(): string {
  const inPath = (process.env["PATH"] ?? "").split(path.delimiter);
  const debian = globSync("/usr/lib/postgresql/*/bin").sort().reverse();
  const found = [...inPath, ...debian].find(folder => globSync(path.join(folder, "initdb")).length > 0);
  if (found === undefined) throw new Error("there is no initdb (Debian: apt-get install postgresql)");
  return found;
}

/** PostgreSQL refuses to run as root: then it runs as the account that its package has created. */
async function accountOf(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const users = await readFile("/etc/passwd", "utf8");
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  if (uid === undefined) throw new Error("PostgreSQL does not run as root, and there is no account postgres");
  return { uid: Number(uid), gid: Number(gid) };
}

async function ready(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const limit = setTimeout(() => reject(new Error("PostgreSQL was not ready in time")), START_LIMIT_MS);
  if (child.stderr) {
    createInterface({ input: child.stderr }).on("line", line => {
      if (READY.test(line)) resolve();
    });
  }
  child.once("error", reject);
  child.once("exit", code => reject(new Error(`PostgreSQL ended with ${code} before it was ready`)));
  process.once("exit", () => child.kill("SIGQUIT"));
  await promise.finally(() => clearTimeout(limit));
}
