/** `ulimit -n` of the replica; a handler that opens files or sockets and does not close them uses it up. */
export const NO_DESCRIPTORS =
  "this replica has no file descriptor left: a handler leaks them, or `ulimit -n` is too low";

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EMFILE: `could not be sent, ${NO_DESCRIPTORS}`,
  ENFILE: "could not be sent, the machine has no file descriptor left",
  ENOTFOUND: "found no such host",
  EAI_AGAIN: "got no answer about the host from DNS",
  ECONNREFUSED: "was refused: nothing listens there",
  ECONNRESET: "lost its connection before the answer was complete",
  EPIPE: "lost its connection before the answer was complete",
  UND_ERR_SOCKET: "lost its connection before the answer was complete",
  EHOSTUNREACH: "found no way to the host",
  ENETUNREACH: "found no way to the host",
  ETIMEDOUT: "got no connection in time",
  UND_ERR_CONNECT_TIMEOUT: "got no connection in time",
  UND_ERR_HEADERS_TIMEOUT: "got no answer within five minutes",
  UND_ERR_BODY_TIMEOUT: "waited five minutes for more of the answer",
  CERT_HAS_EXPIRED: "met a certificate that has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "met a certificate that signs itself (NODE_EXTRA_CA_CERTS names further CAs)",
  SELF_SIGNED_CERT_IN_CHAIN: "met a certificate of an unknown CA (NODE_EXTRA_CA_CERTS names further ones)",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "met a certificate of an unknown CA (NODE_EXTRA_CA_CERTS names further ones)",
  ERR_TLS_CERT_ALTNAME_INVALID: "met a certificate that is for another host",
};

/** In a few words why a request got no answer. `fetch` says "fetch failed" and keeps the reason in causes. */
export function explainFetchError(error: unknown): string {
  const chain = causesOf(error);
  const codes = chain.map(cause => ("code" in cause ? String(cause.code) : ""));
  const code = codes.find(known => known in EXPLANATIONS);
  if (code !== undefined) return `${EXPLANATIONS[code]} (${code})`;
  const last = chain.at(-1);
  return `failed: ${last === undefined ? String(error) : (last.message.split("\n")[0] ?? "")}`;
}

/** The error, its cause, and so on; a connection that was tried at several addresses has one for each. */
function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...inner.flatMap(causesOf)];
}
