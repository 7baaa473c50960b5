/**
 * Addresses for logs, errors and people. Only parts that can hold no secret are shown: scheme, the name before a
 * password, host, port, the number of a database, and the values of a few parameters. The rest is `***`.
 */

const MASK = "***";
const SHOWN_PARAMETERS = new Set(["db", "family"]);
/** Scheme, all up to the path, path, query, fragment. No part has white space, quotes, or angle brackets. */
const ADDRESS =
  /^(?<scheme>[a-z][a-z0-9+.-]*:\/\/)(?<authority>[^/?#]*)(?<path>\/[^?#]*)?(?<query>\?[^#]*)?(?<hash>#.*)?$/is;
/** Other names may be a secret that lacks its name. */
const NAMES =
  /^(db|family|user(name)?|pass(word|wd)?|pwd|auth|(access_?)?token|secret|(api_?)?key|tls|ssl|protocol|timeout)$/i;
const HOST = /^(?:\[[0-9a-f:.%]+\]|[a-z0-9._-]+)?(?::\d{0,5})?$/i;
/** The lookbehind lets a search begin only where a run of a scheme's characters begins: the time stays linear. */
const WITHIN_TEXT = /(?<![a-z0-9+.-])([0-9+.-]*)([a-z][a-z0-9+.-]*:\/\/[^\s"'`<>]+)/gi;
const USER_WITH_SCHEME = /(?<![a-z0-9+.-])([0-9+.-]*[a-z][a-z0-9+.-]*:\/\/)[^"'`<>/:]*:/i;
/** `user:`, also with a scheme that lacks its colon. */
const BARE_USER = /(^|[(,[])(?:[a-z+.-]*\/\/)?[^(,[\]/:]*:(?!\/\/)/i;

/** The address without anything that may be a secret; also of a text that is no valid address. */
export function maskUrl(url: string): string {
  const parts = ADDRESS.exec(url)?.groups;
  if (!parts) return url === "" ? "" : MASK;
  const { scheme = "", authority = "", path = "", query, hash } = parts;
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  // An `@` after the authority, or a host that is none: a password with `/`, `?`, `#` has ended the authority too early.
  if (`${path}${query ?? ""}${hash ?? ""}`.includes("@") || !HOST.test(host)) return `${scheme}${MASK}`;
  const userinfo = at < 0 ? "" : `${maskUserinfo(authority.slice(0, at))}@`;
  return `${scheme}${userinfo}${host}${maskPath(path)}${maskQuery(query)}${hash === undefined ? "" : `#${MASK}`}`;
}

/** A text with each address in it masked, in linear time: others wrote it, and it may be long. */
export function maskUrls(text: string): string {
  return text
    .replace(/\S+/g, maskQuotedPassword)
    .replace(WITHIN_TEXT, (_, before: string, address: string) => {
      const [url = ""] = /^.*[^:,;.!)]/s.exec(address) ?? [];
      return `${before}${maskUrl(url)}${address.slice(url.length)}`;
    })
    .replace(/[^\s"'`<>]+/g, maskBareUserinfo);
}

/** An `@` behind a character that ends an address within a text: the password may have that character. */
function maskQuotedPassword(word: string): string {
  const at = word.lastIndexOf("@");
  const quote = word.slice(0, at + 1).search(/["'`<>][^"'`<>]*$/);
  const user = quote < 0 ? null : USER_WITH_SCHEME.exec(word);
  if (user === null || user.index + user[0].length > quote) return word;
  return `${word.slice(0, user.index)}${user[1]}${MASK}${word.slice(at).replace(/^[^"'`<>]*/, "")}`;
}

/** `user:password@host` without a scheme, or with one that lacks its colon. */
function maskBareUserinfo(text: string): string {
  const at = text.search(/@[^@]+@*$/);
  const user = at < 0 ? null : BARE_USER.exec(text);
  if (user === null || user.index + user[0].length >= at) return text;
  return `${text.slice(0, user.index)}${user[1]}${MASK}${text.slice(at)}`;
}

/** A name without a password may be a password that is in the wrong place. */
function maskUserinfo(userinfo: string): string {
  const colon = userinfo.indexOf(":");
  return colon < 0 || colon === userinfo.length - 1 ? MASK : `${userinfo.slice(0, colon)}:${MASK}`;
}

function maskPath(path: string): string {
  return /^(?:\/\d*)?$/.test(path) ? path : `/${MASK}`;
}

function maskQuery(query: string | undefined): string {
  if (query === undefined) return "";
  const shown = query
    .slice(1)
    .split("&")
    .map(parameter => {
      const [name = "", value] = parameter.split(/=(.*)/s);
      if (value === undefined || !NAMES.test(name)) return MASK;
      return `${name}=${SHOWN_PARAMETERS.has(name) && /^\d{1,9}$/.test(value) ? value : MASK}`;
    });
  return `?${shown.join("&")}`;
}
