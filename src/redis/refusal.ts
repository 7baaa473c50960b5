/**
 * What a server answers while its state does not let it carry out a command that it may carry out a moment later. It checks
 * that before the command's first write, so a command that was refused has changed nothing. Inside of a script Redis 6.2
 * puts the word behind its own sentence: "ERR Error running script (…): -NOREPLICAS …".
 */
const STATES =
  "BUSY|NOREPLICAS|READONLY|TRYAGAIN|ASK|MOVED|CLUSTERDOWN|LOADING|MASTERDOWN|OOM|MISCONF|NOSCRIPT";
const REFUSAL = new RegExp(`(?:^|: -?)(${STATES})\\b`);
/** Also as an error of a script. */
const SERVER_REFUSAL = new RegExp(`(^|[ -])(${STATES}|UNKILLABLE|NOAUTH) `);

/** The kind of refusal, as the server names it; null for everything else. */
export function refusalOf(error: unknown): string | null {
  return isErrorReply(error) ? (REFUSAL.exec(error.message)?.[1] ?? null) : null;
}

/** True for each error that the server answered, and false for all that is known of a command without an answer. */
export function isErrorReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** Whether a refusal says something about the server, and nothing about the job that is launched. */
export function isServerRefusal(message: string): boolean {
  return SERVER_REFUSAL.test(message);
}
