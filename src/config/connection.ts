import type { Config } from "./config.ts";
import type { ConfigIssue } from "./document/config-issue.ts";
import type { ConfigDocument } from "./document/document.ts";
import { nearest } from "./nearest.ts";
import { redisAddress } from "./redis-address.ts";
import { keysAt } from "./schemas/json-schema.ts";
import { bellwetherSchema } from "./schemas/schema.ts";
import { validParts } from "./validate.ts";

/** Where the cluster's data is: all that a command needs which only reads. */
export type Connection = Pick<Config, "namespace" | "redis">;

const { namespace, redis } = bellwetherSchema.shape;

/**
 * What of the connection can be read although the file has these mistakes. A key is left out when a mistake is about
 * it, or when another key may be a misspelling of it, so that the wrong cluster is never shown.
 */
export function readConnection(
  document: ConfigDocument,
  issues: readonly ConfigIssue[],
): { readonly [K in keyof Connection]: Connection[K] | null } {
  const unknown = document.keysOf([]).filter(key => !KNOWN.includes(key));
  const isCertain = (name: keyof Connection) => {
    const isAbout = ({ key }: ConfigIssue) => key === name || key.startsWith(`${name}.`);
    return !issues.some(isAbout) && !unknown.some(key => nearest(key, KNOWN) === name);
  };
  const place = { document, path: [], file: "bellwether" } as const;
  const parts = validParts({ shape: { namespace, redis }, ...place });
  const name = isCertain("namespace") ? (parts.namespace ?? namespace.parse(undefined)) : null;
  const address = parts.redis !== undefined && isCertain("redis") ? parts.redis : null;
  return { namespace: name, redis: address && name !== null ? redisAddress(address, name) : null };
}

const KNOWN = keysAt("bellwether", []);
