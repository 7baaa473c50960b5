import type { z } from "zod";
import { BellwetherError } from "../errors.ts";
import type { bellwetherSchema } from "./schemas/schema.ts";

type RedisSection = NonNullable<z.output<typeof bellwetherSchema>["redis"]>;
type Sentinel = NonNullable<RedisSection["sentinel"]>;
type Cluster = NonNullable<RedisSection["cluster"]>;
type Common = Omit<RedisSection, "url" | "sentinel" | "cluster" | "username" | "password">;

export type HostAndPort = Readonly<Cluster["nodes"][number]>;

/** Paths of PEM files, read again for each connection; the system's CAs where there is none. */
export type TlsFiles = Readonly<NonNullable<RedisSection["tls"]>>;

interface RedisCredentials {
  /** The default user when absent. */
  readonly username?: string | undefined;
  readonly password: string;
}

interface RedisAccess extends Readonly<Common> {
  readonly credentials?: RedisCredentials | undefined;
}

export type RedisAddress =
  | ({ readonly kind: "url"; readonly url: string } & Readonly<Common>)
  | ({
      readonly kind: "sentinel";
      readonly name: string;
      readonly nodes: readonly HostAndPort[];
      /** For the sentinels themselves. */
      readonly sentinelCredentials?: RedisCredentials | undefined;
    } & RedisAccess)
  | ({
      readonly kind: "cluster";
      readonly nodes: readonly HostAndPort[];
      /** The hash tag of all keys: the namespace. */
      readonly tag: string;
    } & RedisAccess);

/** The address that a valid section names. */
export function redisAddress(redis: RedisSection, namespace: string): RedisAddress {
  const { url, sentinel, cluster, username, password, ...common } = redis;
  if (url !== undefined) return { kind: "url", url, ...common };
  const access = { ...common, credentials: credentialsOf(redis) };
  if (cluster) return { kind: "cluster", nodes: cluster.nodes, tag: namespace, ...access };
  if (!sentinel)
    throw new BellwetherError("BW_BUG", { rule: "a valid configuration has an address of Redis" });
  const { name, nodes } = sentinel;
  return { kind: "sentinel", name, nodes, sentinelCredentials: credentialsOf(sentinel), ...access };
}

function credentialsOf({ username, password }: Sentinel | RedisSection): RedisCredentials | undefined {
  if (password === undefined) return undefined;
  return { password, ...(username !== undefined && { username }) };
}
