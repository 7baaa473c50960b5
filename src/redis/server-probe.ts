import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const PROBE_LIMIT_MS = 1_000;
/** A server that refuses a connection says so within this; another one waits to be asked. */
const UNASKED_MS = 150;
const MAX_BYTES = 2_000;
const SPEAKS_TLS = "the server speaks TLS, and the configuration does not: write rediss:// (or redis.tls)";

export interface ProbedPlace {
  readonly host: string;
  readonly port: number;
  /** What the configuration expects of it. */
  readonly isTls: boolean;
}

/** What answers at an address that refuses a connection, in a sentence; null when that says nothing. Never rejects. */
export async function probeServer(place: ProbedPlace): Promise<string | null> {
  const said = await listen(place);
  const found = said === null ? null : readProbe(said, place.isTls);
  if (found !== null || place.isTls || said === null || /^[+-]/.test(said)) return found;
  return (await speaksTls(place)) ? SPEAKS_TLS : null;
}

/** What the first bytes say. */
export function readProbe(said: string, isTls: boolean): string | null {
  if (/^HTTP\/\d/.test(said)) return "an HTTP server answers there, not Redis: correct host and port";
  if (isTlsRecord(said)) return isTls ? null : SPEAKS_TLS;
  const refusal = /^-(.*?)\r?\n/s.exec(said)?.[1];
  const isRedis = /^(\+PONG|-[A-Z]+ )/.test(said);
  if (isTls && isRedis)
    return "the server does not speak TLS on this port, and the configuration does: write redis:// without redis.tls";
  if (refusal !== undefined && !/^(NOAUTH|NOPERM)\b/.test(refusal)) return refusal;
  return isRedis || said === "" ? null : "what answers there is not Redis: correct host and port";
}

/** TLS numbers its records from 20 to 23, and its versions 3.x. */
function isTlsRecord(said: string): boolean {
  const kind = said.charCodeAt(0);
  return kind >= 20 && kind <= 23 && said.charCodeAt(1) === 3;
}

/** The first bytes, before or after an inline PING; null when there is no connection. */
function listen({ host, port }: ProbedPlace): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connectTcp({ host, port });
  let isConnected = false;
  let said = "";
  socket.setEncoding("latin1");
  socket.once("connect", () => {
    isConnected = true;
    setTimeout(() => socket.write("PING\r\n"), UNASKED_MS);
  });
  socket.on("data", (chunk: string) => {
    said += chunk;
    if (said.includes("\n") || said.length > MAX_BYTES) socket.destroy();
  });
  endInTime(socket, () => resolve(isConnected ? said : null));
  return promise;
}

function speaksTls({ host, port }: ProbedPlace): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Nothing is sent over it: whose certificate it is does not matter here.
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  socket.once("secureConnect", () => resolve(true));
  socket.once("secureConnect", () => socket.destroy());
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(/ALERT/.test(error.code ?? "")));
  endInTime(socket, () => resolve(false));
  return promise;
}

function endInTime(socket: Socket, onEnd: () => void): void {
  const limit = setTimeout(() => socket.destroy(), PROBE_LIMIT_MS);
  socket.on("error", () => undefined);
  socket.once("close", () => {
    clearTimeout(limit);
    onEnd();
  });
}
