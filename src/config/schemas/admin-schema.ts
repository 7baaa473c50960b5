import { BlockList, isIP } from "node:net";
import { z } from "zod";
import { choice, duration, inMs, list, section, text, whole } from "./fields.ts";

/** Each may do what those before it may. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type AdminRole = (typeof ROLES)[number];

const MAX_PORT = 65_535;
const ROLES_TEXT =
  "A viewer reads, an operator also acts on jobs and runs, an admin also makes the leader step down.";
const BASE_PATH = /^\/$|^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/;
const HEADER = /^[A-Za-z0-9-]{1,100}$/;

export const host = (defaultHost: string) =>
  text("a host name or address").default(defaultHost).meta({ description: "The address to listen on." });

export const port = (defaultPort: number) =>
  whole(0, MAX_PORT).default(defaultPort).meta({ description: "The port; 0 takes a free one." });

const token = section({
  name: text("a name for the token").meta({ description: "Who uses the token; shown in the audit." }),
  role: choice(ROLES).meta({ description: ROLES_TEXT }),
  token: text("the secret itself, not empty").meta({
    description: "The secret; take it from the environment.",
  }),
});

const header = (defaultName: string, description: string) =>
  text("the name of a header", HEADER)
    .default(defaultName)
    .transform(name => name.toLowerCase())
    .meta({ description });

const CIDR_ERROR = "expected an address or a range of addresses, like 10.1.2.3 or 10.0.0.0/8";

const cidr = z
  .string({ error: CIDR_ERROR })
  .refine(isRange, { error: CIDR_ERROR })
  .meta({ title: CIDR_ERROR.replace("expected ", "") });

const proxy = section({
  from: list(cidr, "a list of addresses and ranges (10.0.0.0/8)").meta({
    description: "The addresses of the proxy. Its headers are read from these alone.",
  }),
  userHeader: header("x-forwarded-user", "The header with the user's name."),
  groupsHeader: header(
    "x-forwarded-groups",
    "The header with the user's groups, separated by commas, as roles has them.",
  ),
  roles: z
    .record(text("the name of a group"), choice(ROLES), { error: "expected a mapping of groups to roles" })
    .meta({
      description:
        'The role of each group; "*" is every user. The highest one counts; without one the user is refused.',
    }),
});

export const admin = section({
  host: host("127.0.0.1"),
  port: port(8081),
  basePath: text("a path like / or /bellwether", BASE_PATH).default("/").meta({
    description: "Everything is below this path, for a proxy that serves other programs too.",
  }),
  tokens: z
    .array(token, { error: "expected a list of tokens" })
    .default([])
    .meta({ description: "Who may use the API; off loopback it needs tokens, tokenFile or proxy." }),
  tokenFile: text("the path of a file").optional().meta({
    description: "A file with a line NAME ROLE TOKEN for each token; it is read again when it has changed.",
  }),
  proxy: proxy.optional().meta({
    description: "A proxy that signs users in and puts their names into headers (oauth2-proxy, Authelia).",
  }),
  viewersSeeData: z.boolean({ error: "expected true or false" }).default(false).meta({
    description: "Whether viewers also see data, results and logs of runs.",
  }),
  sessionTtl: duration("1m", "30d").prefault("12h").meta({
    description: "For how long a sign-in to the dashboard is valid.",
  }),
}).transform(inMs("sessionTtl"));

/** What is assumed where it is on and nothing is said about it. */
export const ADMIN_DEFAULTS = admin.parse({});

/** The addresses that a range covers, in a list that answers whether it has an address. */
export function blockListOf(ranges: readonly string[]): BlockList {
  const blocks = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    blocks.addSubnet(address, bits === undefined ? widestPrefix(address) : Number(bits), family);
  }
  return blocks;
}

function isRange(value: string): boolean {
  const [address = "", bits, ...rest] = value.split("/");
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widestPrefix(address));
}

function widestPrefix(address: string): number {
  return isIP(address) === 6 ? 128 : 32;
}
