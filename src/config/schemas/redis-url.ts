import { isIPv6 } from "node:net";

/** What an address of Redis says. */
export interface RedisUrl {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly db: number;
  readonly username: string | null;
  readonly password: string | null;
  /** The IP version to resolve the host to; 0 is either. */
  readonly family: number;
}

export type RedisUrlResult =
  | { readonly ok: true; readonly value: RedisUrl }
  /** Begins with "expected" where the whole is not understood; never holds a part of the address. */
  | { readonly ok: false; readonly problem: string };

const DEFAULT_PORT = 6379;
const PARAMETERS = ["db", "username", "password", "family"];
const EXAMPLE = "redis://127.0.0.1:6379";
const ENCODE = "in a user name or password write # as %23, / as %2F, ? as %3F, @ as %40 and % as %25";

/**
 * Reads an address of Redis. Whatever is not understood is a problem: to guess a database means to work in another
 * application's.
 */
export function parseRedisUrl(text: string): RedisUrlResult {
  if (!/^rediss?:\/\//.test(text)) return problem(`expected an address like ${EXAMPLE}`);
  const rest = text.slice(text.indexOf("://") + 3);
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? "";
  if (/^[^/?#]*[/?#].*@/s.test(rest.slice(authority.lastIndexOf("@") + 1)) || rest.includes("#"))
    return problem(`expected an address without # and without @ after the host: ${ENCODE}`);
  const url = URL.parse(text);
  if (url === null) return problem(`expected an address like ${EXAMPLE} (${ENCODE})`);
  const parameters = [...url.searchParams];
  const unknown = parameters.find(([name]) => !PARAMETERS.includes(name));
  if (unknown) return problem(`expected no other parameters (?…) than ${PARAMETERS.join(", ")}`);
  const twice = parameters.find(([name], index) => parameters.findIndex(other => other[0] === name) < index);
  if (twice) return problem(`expected the parameter ${twice[0]} once`);
  const db = databaseOf(url);
  if (db === null)
    return problem("expected a database like /0 after the host, a whole number from 0, written once");
  const family = { "": 0, "4": 4, "6": 6, "0": 0 }[url.searchParams.get("family") ?? ""];
  if (family === undefined) return problem("expected family=4, family=6 or none");
  const username = credential(url.username, url.searchParams.get("username"));
  const password = credential(url.password, url.searchParams.get("password"));
  if (username === undefined || password === undefined)
    return problem(`expected a user name and a password once, and percent-encoded: ${ENCODE}`);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    ok: true,
    value: {
      host: host === "" ? "127.0.0.1" : host,
      port: url.port === "" ? DEFAULT_PORT : Number(url.port),
      isTls: url.protocol === "rediss:",
      db,
      username,
      password,
      family: isIPv6(host) ? 6 : family,
    },
  };
}

function problem(text: string): RedisUrlResult {
  return { ok: false, problem: text };
}

function databaseOf({ pathname, searchParams }: URL): number | null {
  const written = [pathname.slice(1), searchParams.get("db") ?? ""].filter(db => db !== "");
  if (written.length > 1) return null;
  const [db = "0"] = written;
  return /^(0|[1-9]\d{0,5})$/.test(db) ? Number(db) : null;
}

/** Null where it is not given; undefined where it is given twice, or not percent-encoded. */
function credential(encoded: string, parameter: string | null): string | null | undefined {
  if (encoded === "") return parameter === null || parameter === "" ? null : parameter;
  if (parameter !== null) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
