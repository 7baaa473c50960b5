/**
 * `node scripts/with-setup.mjs COMMAND [ARGS…]` runs a command of this checkout and first sees to what the command
 * needs, so that `npm start` and `npm test` work right after a clone. Plain JavaScript: the machine's own Node may
 * be as old as 20 here. Prints a line for each thing that it does, and nothing when nothing is to do.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureChromium } from "./setup/chromium.mjs";
import { installDependencies } from "./setup/dependencies.mjs";
import { ensureEtcd } from "./setup/etcd-server.mjs";
import { ensureHelm } from "./setup/helm.mjs";
import { ensureImageTools } from "./setup/image-tools.mjs";
import { choosePinnedNode, nodeFolderOf } from "./setup/node-version.mjs";
import { ensurePostgres } from "./setup/postgres-server.mjs";
import { ensurePromtool } from "./setup/promtool.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { SetupError } from "./setup/setup-error.mjs";
import { ensureShells } from "./setup/shells.mjs";
import { ensureSpin } from "./setup/spin.mjs";

const WEBSITE = "website";
const BENCHMARKS = "bench/run.ts";
const MODEL_CHECK = "model/check.ts";
const IMAGE_TESTS = "test/image/vitest.config.ts";
const root = fileURLToPath(new URL("..", import.meta.url));

async function setUp(/** @type {string} */ command, /** @type {readonly string[]} */ args) {
  installDependencies(root);
  choosePinnedNode(root);
  if (args.includes(WEBSITE)) {
    installDependencies(join(root, WEBSITE));
    return;
  }
  // With REDIS_URL, `dev` starts no server; the tests always start servers of their own.
  if (args.includes(MODEL_CHECK)) {
    ensureSpin();
    return;
  }
  if (command === "vitest" || !process.env["REDIS_URL"]) ensureRedisServer();
  if (args.includes(BENCHMARKS)) {
    installDependencies(join(root, "bench"));
    ensureEtcd();
    ensurePostgres();
    return;
  }
  if (command !== "vitest") return;
  if (args.includes(IMAGE_TESTS)) {
    ensureImageTools();
    return;
  }
  const runs = projectsOf(args);
  if (SERVER_PROJECTS.some(project => runs(project))) ensureEtcd();
  // The snippets of the documentation, among e2e, have lines for Helm.
  if (runs("deploy") || runs("e2e")) await ensureHelm(root);
  if (runs("deploy")) ensurePromtool(root);
  if (runs("e2e")) ensureShells();
  if (runs("browser")) ensureChromium();
}

/** Those whose tests ask for more servers than Redis. */
const SERVER_PROJECTS = ["conformance", "integration", "e2e", "chaos"];

/** Whether a command line of vitest runs a project's tests: all do that it does not leave out by naming others. */
function projectsOf(/** @type {readonly string[]} */ args) {
  const line = args.join(" ");
  const isNamed = (/** @type {string} */ project) =>
    line.includes(`--project ${project}`) ||
    line.includes(`--project=${project}`) ||
    args.some(arg => arg.startsWith(`test/${project}`));
  const isAll = !["unit", "deploy", "package", "browser", ...SERVER_PROJECTS].some(isNamed);
  return (/** @type {string} */ project) => isAll || isNamed(project);
}

/** Runs the command with the checkout's Node and binaries first in PATH, and ends as the command ends. */
function run(/** @type {string} */ command, /** @type {readonly string[]} */ args) {
  const binaries = join(root, "node_modules", ".bin");
  const PATH = [nodeFolderOf(root), binaries, process.env["PATH"]].join(delimiter);
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, PATH } });

  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole foreground group: the command has it already.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", error => {
    console.error(`Cannot run ${command}: ${error.message}`);
    process.exit(127);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Only reached when this process cannot be ended by that signal.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("Usage: node scripts/with-setup.mjs COMMAND [ARGS…]");
  process.exit(2);
}
try {
  await setUp(command, args);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exit(1);
}
run(command, args);
