import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createCertificates } from "../support/certificates.ts";
import type { LinkTls } from "../support/faulty-link.ts";
import { leastRights } from "../support/least-rights.ts";

/**
 * TLS with client certificates between replicas and links, and a user that may do no more than it must. TLS ends in the
 * links, so that they can still cut a connection in the middle of a launch.
 */
export interface Secrecy {
  readonly link: LinkTls;
  readonly ca: string;
  dispose(): Promise<void>;
}

const USER = "flock";
const PASSWORD = "flock-secret";

export const ETCD_USER = { username: USER, password: PASSWORD };

export async function createSecrecy(): Promise<Secrecy> {
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-chaos-tls-"));
  const { ca, cert, key } = createCertificates(dir, "chaos");
  return { link: { ca, cert, key }, ca, dispose: () => rm(dir, { recursive: true, force: true }) };
}

/** Arguments of redis-server that create the user. */
export function userArgs(namespace: string, secrecy: Secrecy | null): string[] {
  return secrecy ? ["--user", USER, "on", `>${PASSWORD}`, ...leastRights(namespace)] : [];
}

/** The text behind the address of Redis, in YAML's flow style. */
export function accessOf(secrecy: Secrecy | null): string {
  return secrecy ? `, username: ${USER}, password: ${PASSWORD}, ${tlsOf(secrecy)}` : "";
}

/** The setting of a single Redis. */
export function urlOf(port: number, secrecy: Secrecy | null): string {
  if (!secrecy) return `redis: { url: "redis://127.0.0.1:${port}" }`;
  return `redis: { url: "rediss://${USER}:${PASSWORD}@127.0.0.1:${port}", ${tlsOf(secrecy)} }`;
}

export function tlsOf({ link: { ca, cert, key } }: Secrecy): string {
  return `tls: { ca: ${ca}, cert: ${cert}, key: ${key} }`;
}
