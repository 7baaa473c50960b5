/**
 * A process of its own, `redis-guard DIR COMMAND ARGS…`: runs a server while its parent holds the other end of stdin,
 * then ends the server and removes its folder. The parent may be killed at any time; the kernel closes the pipe in any
 * case.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

const STOP_LIMIT_MS = 3_000;

const [dir, command, ...args] = process.argv.slice(2);
if (dir === undefined || command === undefined) throw new Error("Usage: redis-guard DIR COMMAND ARGS…");

const server = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });

function stop(): void {
  server.kill("SIGTERM");
  setTimeout(() => server.kill("SIGKILL"), STOP_LIMIT_MS);
}

function end(exitCode: number): void {
  rmSync(dir as string, { recursive: true, force: true });
  process.exit(exitCode);
}

process.stdin.resume().once("close", stop);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
server.once("error", () => end(127));
server.once("exit", code => end(code ?? 1));
