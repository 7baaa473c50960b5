import path from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { maskUrl } from "../config/mask-url.ts";
import { onSignal } from "../interruption.ts";
import { stdoutLines } from "../log-output.ts";
import { startPrivateRedis } from "../private-redis/private-redis.ts";
import { type Keyboard, openKeyboard, readKeys } from "./dev/keyboard.ts";
import { ReplicaGroup } from "./dev/replica-group.ts";
import { type SignalSource, type StopRequest, stopOnSignals } from "./dev/stop-request.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import type { Paint } from "./log-line.ts";
import { FREE_PORTS, type ProjectOptions, REDIS_OVERRIDE } from "./project.ts";

export interface DevOptions extends ProjectOptions {
  readonly replicas: number;
}

/** What tests replace. */
export interface DevParts {
  readonly signals: SignalSource;
  /** Program and arguments that come before `run …`. */
  readonly bellwether: readonly [string, ...string[]];
  readonly paint: Paint;
  /** The terminal whose keys it obeys, if there is one. */
  readonly keyboard?: Keyboard | undefined;
}

/**
 * `bellwether dev`: a private Redis (or the one in REDIS_URL) and some replicas on it, with readable logs, until
 * Ctrl-C. Leaves nothing behind, however it ends. Resolves with 0 when it was stopped, 1 when its Redis went away
 * and 2 when the replicas cannot use the configuration.
 */
export async function dev(
  options: DevOptions,
  io: Io,
  parts: DevParts = { ...PARTS, keyboard: openKeyboard() },
): Promise<number> {
  const stop = stopOnSignals(parts.signals);
  io.goOnWithoutOutput?.({ untilClosed: true });
  const given = io.env["REDIS_URL"];
  if (given) return await runReplicas(options, io, parts, stop, { url: given, origin: "from REDIS_URL" });

  const start = await startPrivateRedis(io.env);
  if (start.outcome === "failed") throw new CliFailure(start.problem);
  const { redis } = start;
  try {
    const origin = `a private ${path.basename(redis.server)}, gone when this ends`;
    return await runReplicas(options, io, parts, stop, { url: redis.url, origin, ended: redis.ended });
  } finally {
    await redis.stop();
  }
}

const PARTS: Omit<DevParts, "keyboard"> = {
  signals: { on: onSignal },
  bellwether: [process.execPath, mainFile()],
  paint: (style, text) => styleText(style, text, { stream: process.stdout }),
};

/** src/main.ts in a checkout, dist/main.js when built. */
function mainFile(): string {
  return fileURLToPath(new URL(`../main${path.extname(import.meta.url)}`, import.meta.url));
}

interface RedisInUse {
  readonly url: string;
  readonly origin: string;
  /** Resolves when a server of ours has ended. */
  readonly ended?: Promise<void>;
}

async function runReplicas(
  options: DevOptions,
  io: Io,
  { bellwether, paint, keyboard }: DevParts,
  stop: StopRequest,
  redis: RedisInUse,
): Promise<number> {
  const env = { ...io.env, REDIS_URL: redis.url, [REDIS_OVERRIDE]: redis.url, [FREE_PORTS]: "1" };
  const group = new ReplicaGroup({
    size: options.replicas,
    command: name => [...bellwether, "run", ...projectArguments(options), "--id", name],
    env,
    print: line => io.out(`${line}\n`),
    paint,
    howToHandOff: pid => (keyboard ? "press k, f or r" : `kill -9 ${pid}`),
  });
  stdoutLines.onGap(({ dropped, error }) =>
    group.notice(`${dropped} lines are missing here, which could not be written (${error})`),
  );
  io.out(banner(options, redis, paint, keyboard !== undefined));

  let isRunning = true;
  let hasLostRedis = false;
  void redis.ended?.then(() => {
    if (!isRunning || stop.graceful.aborted) return;
    hasLostRedis = true;
    group.notice("the private Redis has gone; stopping");
    group.stop();
  });
  stop.graceful.addEventListener("abort", () => {
    group.notice("stopping; Ctrl-C again ends everything at once");
    group.stop();
  });
  stop.immediate.addEventListener("abort", () => group.kill());
  io.unread?.addEventListener("abort", () => group.stop());
  if (stop.graceful.aborted || io.unread?.aborted) return EXIT.done;

  const onKey = (key: string) => {
    if (key === "k") group.killLeader();
    if (key === "f") group.freezeLeader();
    if (key === "r")
      void stepDown(options, { ...io, env }, text => stop.graceful.aborted || group.notice(text));
    if (key === "?") group.notice(`${KEYS_TEXT}; q or Ctrl-C stops everything`);
    if (key === "q") stop.ask();
    // Sets apart what comes next.
    if (key === "\r") io.out("\n");
  };
  const releaseKeys = keyboard && readKeys(keyboard, onKey);
  const outcome = await group.run().finally(releaseKeys);
  isRunning = false;
  if (stop.immediate.aborted) return EXIT.failed;
  if (outcome === "misconfigured") return EXIT.usage;
  return hasLostRedis ? EXIT.failed : EXIT.done;
}

function projectArguments({ config, jobs }: ProjectOptions): string[] {
  return ["--config", config, ...(jobs === undefined ? [] : ["--jobs", jobs])];
}

/** Asks the leader to resign, as an operator does. */
async function stepDown(options: ProjectOptions, io: Io, notice: (text: string) => unknown): Promise<void> {
  const { stepdown } = await import("./stepdown.ts");
  const say = (text: string) => void notice(text.trimEnd().replaceAll("\n", "\n      "));
  try {
    await stepdown({ ...options, by: "dev" }, { ...io, out: say, err: say });
  } catch (error) {
    say(`the leader was not made to resign: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function banner({ replicas, config }: DevOptions, redis: RedisInUse, paint: Paint, hasKeys: boolean): string {
  const byHand = "kill -9 the leader's pid, which is told below; kill -STOP freezes it, kill -CONT wakes it";
  const rows = [
    ["replicas", `${replicas}, with the configuration in ${config}`],
    ["Redis", `${maskUrl(redis.url)} (${redis.origin})`],
    ["handoff", hasKeys ? KEYS_TEXT : byHand],
    [
      "look",
      `${REDIS_OVERRIDE}=${maskUrl(redis.url)} in front of: bellwether status, history JOB, trigger JOB`,
    ],
    ["stop", hasKeys ? "q or Ctrl-C" : "Ctrl-C"],
  ].map(([label = "", text = ""]) => `  ${paint("bold", label.padEnd(10))}${text}`);
  return `\n${paint("bold", "Bellwether dev")}\n${rows.join("\n")}\n\n`;
}

const KEYS_TEXT =
  "press k to kill the leader, f to freeze it until another one leads, r to make it resign, ? for help";
