import { types } from "node:util";

/**
 * Every error that Bellwether throws on purpose, in one table: a stable code, its fields, and the message
 * that is built from them. A message says where, what was found, what was expected, and what to change.
 */
const MESSAGES = {
  BW_NODE_TOO_OLD: (f: { wanted: string; version: string; path: string }) =>
    `Bellwether needs Node.js ${f.wanted} or newer, and this is ${f.version} (${f.path}); install a newer one, or put it first in PATH`,
  BW_PACKAGE_UNFIT: (f: {
    name: string;
    wanted: string;
    installed: { readonly version: string; readonly folder: string } | null;
    missing: string | null;
  }) =>
    `Bellwether needs ${f.name} ${f.wanted}, and this is ${f.installed === null ? "another one" : `${f.installed.version} (${f.installed.folder})`}${
      f.missing === null ? "" : `, without ${f.missing}`
    }; install one that fits (npm install ${f.name}@${f.wanted}), or give Bellwether a copy of its own (docs/deploying.md, "BullMQ and ioredis")`,
  BW_USAGE: (f: { problem: string }) => f.problem,
  BW_CONFIG_INVALID: (f: { mistakes: readonly string[] }) => f.mistakes.join("\n"),
  BW_HANDLERS_INVALID: (f: { problems: readonly string[] }) => f.problems.join("\n"),
  BW_BUG: (f: { rule: string }) => `BUG: a rule of Bellwether's own is broken: ${f.rule}`,
  BW_LAUNCH_REFUSED: (f: { ticks: number; why: string }) =>
    `Redis did not add ${f.ticks} run(s), so their cursors stay: ${f.why}`,
  BW_STATE_CORRUPT: (f: { key: string; job: string; found: string }) =>
    `${f.key} holds ${JSON.stringify(f.found.slice(0, 60))} for job "${f.job}", expected a whole number; another program wrote it, and the job is not launched until it is corrected or removed (HDEL ${f.key} ${f.job}${f.key.endsWith("/cursors") ? ": the job then begins now" : ": the job then counts from 0"})`,
  BW_BACKFILL_REFUSED: (f: { added: number; of: number; why: string }) =>
    `Redis added ${f.added} of ${f.of} runs: ${f.why}; \`history\` shows which`,
  BW_TRIGGER_REFUSED: (f: { job: string; why: string }) => `no run of ${f.job} was started: ${f.why}`,
  BW_REQUEST_REUSED: (f: { id: string; before: string; now: string }) =>
    `request id ${f.id} was used for "${f.before}" before, and now for "${f.now}": use a new id for each request`,
  BW_REDIS_UNREACHABLE: (f: { address: string; why: string }) =>
    `cannot reach Redis at ${f.address}: ${f.why}`,
  BW_REDIS_LOST: (f: { address: string; why: string | null; isUnknown: boolean }) =>
    `Redis at ${f.address} went away${f.why === null ? "" : `: ${f.why}`}${
      f.isUnknown ? "; whether the command was carried out is unknown, `bellwether audit` shows it" : ""
    }`,
  BW_COMMAND_REFUSED: (f: { address: string; answer: string }) =>
    `Redis at ${f.address} refused: ${f.answer}`,
  BW_CLIENT_CLOSED: (_: Record<string, never>) =>
    "the client was closed; connect again, or close it when all calls have ended",
  BW_ARGUMENT_INVALID: (f: { argument: string; found: string; why: string }) =>
    `${f.argument}${f.found === "" ? "" : ` ${f.found}`}${f.why}`,
  BW_CONFIG_NEEDED: (f: { what: string }) =>
    `${f.what} needs the job's data and policies, which only its configuration has: connect with the config folder (config)`,
  BW_JOB_UNKNOWN: (f: { job: string; guess: string | null; jobs: readonly string[] }) =>
    `no job is named ${f.job} (${
      f.guess !== null
        ? `did you mean ${f.guess}?`
        : f.jobs.length === 0
          ? "there are no jobs"
          : `the jobs are: ${f.jobs.join(", ")}`
    })`,
  BW_NO_TICK: (f: { job: string }) => `${f.job} has no tick to come`,
  BW_NO_SKIP: (f: { job: string }) => `no tick of ${f.job} is to be skipped`,
  BW_NO_LEADER: (_: Record<string, never>) => "no replica leads, so none can step down",
  BW_RUN_UNFINISHED: (f: { job: string; run: string; overlap: string }) =>
    `not started: ${f.run} has not ended, and ${f.job} has overlap: ${f.overlap}`,
  BW_RUN_UNKNOWN: (f: { run: string }) =>
    `no run is named ${f.run}, or it was removed and its job's history does not have it any more; \`bellwether history JOB --json\` has the runs of a job`,
  BW_RUN_NOT_FAILED: (f: { run: string; state: string }) =>
    `not retried: ${f.run} is ${f.state}, and only a run that has failed can be retried`,
  BW_RUN_NOT_WAITING: (f: { run: string; state: string }) =>
    `not cancelled: ${f.run} is ${f.state}, and only a run that waits in its queue can be cancelled`,
  BW_RUN_REFUSED: (f: { run: string; what: string; why: string }) => `${f.run} was not ${f.what}: ${f.why}`,
  BW_RUN_FAILED: (f: { run: string; attempts: number; error: string }) =>
    `${f.run} failed after ${f.attempts} ${f.attempts === 1 ? "attempt" : "attempts"}: ${f.error}`,
  BW_RUN_REMOVED: (f: { run: string }) =>
    `${f.run} was removed from its queue before its end was recorded; whether its handler was called is unknown`,
  BW_WAIT_TIMEOUT: (f: { run: string; timeoutMs: number }) =>
    `${f.run} has not ended within ${f.timeoutMs} ms; it goes on, and \`bellwether history\` shows its end`,
  BW_BACKFILL_EMPTY: (f: { job: string; from: string; to: string }) =>
    `${f.job} has no tick from ${f.from} to ${f.to}`,
  BW_BACKFILL_TOO_MANY: (f: {
    job: string;
    count: number;
    isExact: boolean;
    limit: number;
    maximum: number;
  }) =>
    `${f.job} has ${f.isExact ? f.count : `more than ${f.count}`} ticks in that range, and the limit is ${f.limit}: narrow the range, or raise limit (--limit; at most ${f.maximum})`,
  BW_BACKFILL_UNDECIDED: (f: { job: string; tick: string }) =>
    `${f.job} has ticks in that range that are not decided yet, the first at ${f.tick}: a leader may still launch them (they are held by jitter, a pause, overlap or catching up); end the range before it (to, --to), or wait until \`bellwether history ${f.job}\` shows them`,
  BW_BACKFILL_OVERLAP: (f: { job: string; overlap: string }) =>
    `${f.job} has overlap: ${f.overlap}, and the runs of a backfill run side by side: accept that with overlap: "allow" (--overlap allow)`,
  BW_CONNECTION_CHANGED: (_: Record<string, never>) =>
    "the connection to Redis changed within a transaction; nothing was sent",
  BW_REDIS_AWAY: (_: Record<string, never>) => "no connection to Redis",
  BW_REDIS_NO_ANSWER: (_: Record<string, never>) => "the connection to Redis broke before its answer came",
  BW_LAUNCH_FAILING: (f: { forMs: number; error: string }) =>
    `no launch has succeeded for ${Math.round(f.forMs / 1000)} s: ${f.error}`,
  BW_FORMAT_NEWER: (f: { found: number; known: number }) =>
    `the data in Redis has format ${f.found}, written by a newer release of Bellwether, and this one knows format ${f.known}; upgrade this one, or use another namespace`,
  BW_TLS_FILE: (f: { file: string; why: string }) =>
    `cannot read ${f.file} (${f.why}); correct redis.tls, or make the file readable`,
  BW_LISTEN_FAILED: (f: { setting: string; host: string; port: number; why: string }) =>
    f.why === "EADDRINUSE"
      ? `port ${f.port} of ${f.host} is taken by another program: choose another one (${f.setting}.port; 0 takes a free one), or switch the listener off (${f.setting}: false)`
      : `cannot listen on port ${f.port} of ${f.host}: ${f.why}; change ${f.setting}.host or ${f.setting}.port, or switch the listener off (${f.setting}: false)`,
  BW_METRICS_TAKEN: (f: { metric: string }) =>
    `the registry has ${f.metric} already: another Bellwether of this process uses it, so give each one a Registry of its own`,
  BW_CONNECTION_INVALID: (f: { problem: string }) => `connection of new Bellwether(): ${f.problem}`,
  BW_REDIS_URL: (f: { address: string; problem: string }) =>
    `the address of Redis, ${f.address}, cannot be used: ${f.problem}`,
  BW_REDIS_REFUSED: (f: { problem: string; advice: string }) => `${f.problem}; ${f.advice}`,
  BW_REDIS_TOO_OLD: (f: { address: string; version: string; minimum: string }) =>
    `Redis at ${f.address} is version ${f.version}; Bellwether needs ${f.minimum} or newer. Upgrade it, or point redis.url at a newer one.`,
  BW_RUN_TIMEOUT: (f: { job: string; run: string; timeoutMs: number; stopped: boolean }) =>
    `the run took longer than the ${f.timeoutMs} ms that job "${f.job}" allows (timeout); ${
      f.stopped
        ? "its handler stopped when its signal aborted"
        : "its handler goes on although its signal aborted, and what it returns is ignored: make it watch run.signal"
    }`,
  BW_DATA_INVALID: (f: { job: string; problems: readonly string[] }) =>
    `the data of job "${f.job}" does not fit its schema: ${f.problems.join("; ")}; correct the data, or the schema`,
  BW_CONTEXT_MISSING: (f: { job: string }) =>
    `the handler of job "${f.job}" reads run.context, and there is none: give context to new Bellwether(); \`bellwether run\` and \`bellwether dev\` have none`,
  BW_HANDLER_THREW: (f: { thrown: string }) =>
    `the handler threw ${f.thrown}; throw an Error, so that its stack shows where`,
  BW_COMMAND_NOT_STARTED: (f: { program: string; why: string }) => `cannot start ${f.program}: ${f.why}`,
  BW_COMMAND_FAILED: (f: { program: string; end: string; lastLines: readonly string[] }) =>
    `${f.program} ended with ${f.end}; ${
      f.lastLines.length === 0
        ? "it wrote nothing to stderr"
        : `the end of its stderr:\n${f.lastLines.join("\n")}`
    }`,
  BW_HTTP_FAILED: (f: { request: string; why: string }) => `${f.request} ${f.why}`,
  BW_RUN_SHUTDOWN: (f: { job: string; run: string }) =>
    `run ${f.run} was interrupted: its replica is shutting down; the run goes back to its queue`,
  BW_RUN_LOST: (f: { job: string; run: string }) =>
    `run ${f.run} was interrupted: its lock ran out or went to another replica, which runs it now`,
  BW_LOCK_INVALID: (f: { mistakes: readonly string[] }) => f.mistakes.join("\n"),
  BW_LOCK_TIMEOUT: (f: { lock: string; holder: string; waitedMs: number; isOwn: boolean }) =>
    `lock "${f.lock}" was not free within ${f.waitedMs} ms; it is held by ${f.holder}${
      f.isOwn ? ", which is this process (a lock cannot be taken again by the one who holds it)" : ""
    }. Wait longer (wait), or treat it as work that another holder is doing.`,
  BW_LOCK_UNREACHABLE: (f: { lock: string; store: string; waitedMs: number; error: string }) =>
    `lock "${f.lock}" was not taken: ${f.store} gave no answer in time (${f.waitedMs} ms): ${f.error}`,
  BW_LOCK_LOST: (f: { lock: string; fence: number; reason: string }) =>
    `lock "${f.lock}" (fence ${f.fence}) is not held any more: ${f.reason}; others may hold it now, so stop, and let the resource check the fence`,
  BW_LOCKS_STOPPED: (_: Record<string, never>) =>
    "no lock is to be had, and held ones end: this process is stopping, or stop() was called",
  BW_TOKEN_FILE: (f: { file: string; problem: string }) =>
    `admin.tokenFile: ${f.file} cannot be used: ${f.problem}; correct the file, or the setting`,
  BW_UNAUTHENTICATED: (_: Record<string, never>) =>
    "no valid token and no session: send Authorization: Bearer TOKEN with a token of admin.tokens or admin.tokenFile, or sign in",
  BW_FORBIDDEN: (f: { name: string; role: string | null; needed: string }) =>
    `${f.name} ${f.role === null ? "has no role" : `is ${f.role}`}, and this needs ${f.needed}: ask for a token or a group with that role`,
  BW_CROSS_SITE: (_: Record<string, never>) =>
    "a page of another site may have sent this: send it from the dashboard's own address, with X-CSRF-Token of GET /api/v1/session, or with a bearer token",
  BW_NOT_FOUND: (f: { path: string }) =>
    `there is nothing at ${f.path}: /api/v1/openapi.json lists all paths`,
  BW_BOARD_MISSING: (_: Record<string, never>) =>
    "the queues are shown by bull-board, which is not installed: npm install @bull-board/api @bull-board/fastify",
  BW_METHOD_REFUSED: (f: { method: string }) => `${f.method} is not known here: expected GET, POST or DELETE`,
  BW_REQUEST_INVALID: (f: { problems: readonly string[] }) => f.problems.join("; "),
  BW_REQUEST_TOO_LARGE: (f: { limitBytes: number }) =>
    `the request is too large: expected a body of at most ${f.limitBytes} bytes`,
  BW_REQUEST_RUNNING: (f: { id: string }) =>
    `request ${f.id} is being carried out: wait for its answer, or send it again in some seconds`,
  BW_API_FAILED: (f: { url: string; why: string }) =>
    `the HTTP API at ${f.url} gave no answer: ${f.why}; correct --url, or read from Redis without it`,
  BW_TOO_MANY_REQUESTS: (f: { waitMs: number }) =>
    `too many requests: try again in ${Math.ceil(f.waitMs / 1000)} s`,
} satisfies Record<string, (fields: never) => string>;

/** The stable codes, each with its meaning in docs/errors.md. */
export type ErrorCode = keyof typeof MESSAGES;
export const ERROR_CODES = Object.keys(MESSAGES) as readonly ErrorCode[];
/** The values that the message of an error with this code is built from. */
export type ErrorFields<C extends ErrorCode> = Parameters<(typeof MESSAGES)[C]>[0];

/** Every error that Bellwether throws on purpose. `message` is for people and may change; programs read `code` and `fields`. */
export class BellwetherError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "BellwetherError";
  /** Stable: which error it is (docs/errors.md). */
  readonly code: C;
  /** What the message says, as values: the job, the run, a limit. Durations are in milliseconds (`…Ms`). */
  readonly fields: ErrorFields<C>;

  /** Bellwether itself makes them. A test may make one to pass as `reason` or `cause`. */
  constructor(code: C, fields: ErrorFields<C>, options?: { cause?: unknown }) {
    const render = MESSAGES[code] as (fields: ErrorFields<C>) => string;
    super(render(fields), options);
    this.code = code;
    this.fields = fields;
  }
}

/** True when `error` is a Bellwether error, or one with the given code. */
export function isBellwetherError<C extends ErrorCode>(
  error: unknown,
  code?: C,
): error is BellwetherError<C> {
  return error instanceof BellwetherError && (code === undefined || error.code === code);
}

/** What the event of a failure says about it. What is no Bellwether error is a bug. */
export function failureOf(error: unknown) {
  const code: ErrorCode = isBellwetherError(error) ? error.code : "BW_BUG";
  return { error: messageOf(error), code, thrown: errorOf(error) };
}

/** What was thrown, where it is an Error; else one that says what it was. Never throws: foreign code may throw anything. */
export function errorOf(thrown: unknown): Error {
  if (types.isNativeError(thrown)) return thrown;
  try {
    if (thrown instanceof Error && !types.isProxy(thrown)) return thrown;
    return new Error(String(thrown));
  } catch {
    return new Error("something that cannot be read was thrown");
  }
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of the system or of a library (`ENOENT`); null where the error has none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null;
}
