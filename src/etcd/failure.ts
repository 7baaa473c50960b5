import type { EtcdAddress } from "../config/config.ts";
import { codeOf, messageOf } from "../errors.ts";
import { etcd3 } from "./packages.ts";

/** True for an error that is etcd's own answer to the call: nothing is wrong with the connection. */
export function isAnswer(error: unknown): boolean {
  return isLeaseGone(error);
}

/** True when etcd knows no such lease: it ran out, or was revoked. */
export function isLeaseGone(error: unknown): boolean {
  return error instanceof etcd3().EtcdLeaseInvalidError;
}

/** True when etcd knows us and says no; trying again soon would not help. */
export function isRefusal(error: unknown): boolean {
  const { EtcdAuthenticationFailedError, EtcdPermissionDeniedError } = etcd3();
  return error instanceof EtcdAuthenticationFailedError || error instanceof EtcdPermissionDeniedError;
}

/**
 * True when etcd's users or roles have changed since the client got its token: it knows the new state after milliseconds, and
 * has not carried out the call.
 */
export function isStaleToken(error: unknown): boolean {
  return error instanceof Error && /revision of auth store is old|invalid auth token/.test(error.message);
}

/** The reason in one line, for people. Never the password. */
export function describeFailure(
  error: unknown,
  { address, callLimitMs }: { readonly address: EtcdAddress; readonly callLimitMs: number },
): string {
  const { tls } = address;
  const { EtcdAuthenticationFailedError, EtcdPermissionDeniedError } = etcd3();
  const username = address.credentials?.username;
  const text = messageOf(error);
  const code = codeOf(error) ?? "";
  if (error instanceof EtcdAuthenticationFailedError) {
    return `etcd refused the user name or the password of user ${username}; correct election.etcd.username and password`;
  }
  if (/user name is empty/.test(text)) {
    return "etcd asks for a user name; set election.etcd.username and password";
  }
  if (/authentication is not enabled/.test(text)) {
    return "etcd knows no users (authentication is not enabled); enable it, or remove election.etcd.username";
  }
  if (error instanceof EtcdPermissionDeniedError) {
    return `etcd does not let user ${username} read and write the election's keys; grant a role that may`;
  }
  if (/^E[A-Z]+$/.test(code) && "path" in (error as object)) {
    return `cannot read ${(error as NodeJS.ErrnoException).path} (${code}); correct election.etcd.tls`;
  }
  const cause = lastCause(text);
  if (/certificate|CERT_|altnames|issuer/i.test(cause)) {
    const advice = tls?.ca ? `election.etcd.tls.ca is ${tls.ca}` : "election.etcd.tls.ca is not set";
    return `the certificate of etcd is not trusted (${cause.split(";")[0]}); ${advice}`;
  }
  return text === "" || isTooLate(cause) ? `no answer within ${Math.round(callLimitMs)} ms` : cause;
}

/** gRPC's own words, and etcd's when it has no quorum. */
function isTooLate(cause: string): boolean {
  return /^Deadline exceeded|^context deadline exceeded/i.test(cause);
}

/** gRPC wraps what happened: "14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED …". */
function lastCause(text: string): string {
  const line = text.split("\n")[0] ?? "";
  const cause = line.split("Last error: ").at(-1) ?? line;
  return cause
    .replace(/^(?:Error: |[A-Za-z]+Error: )*(?:\d+ [A-Z_]+: )?/, "")
    .replace(/(?:Resolution note:|\(\d{4}-\d\d-\d\dT).*/s, "")
    .trimEnd()
    .replace(/\.$/, "");
}
