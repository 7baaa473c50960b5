/**
 * Addresses for logs, errors and people. Only parts that can hold no secret are shown: scheme, the name before a
 * password, host, port, the number of a database, and the values of a few parameters. The rest is `***`.
 */

const MASK = "***";
const SHOWN_PARAMETERS = new Set(["db", "family"]);
/** Scheme, all up to the path, path, query, fragment. No part has white space, quotes, or angle brackets. */
const ADDRESS =
  /^(?<scheme>[a-z][a-z0-9+.-]*:\/\/)(?<authority>[^/?#]*)(?<path>[^?#]*)(?<query>\?[^#]*)?(?<hash>#.*)?$/is;
/** Other names may be a secret that lacks its name. */
const NAMES =
  /^(db|family|user(name)?|pass(word|wd)?|pwd|auth|(access_?)?token|secret|(api_?)?key|tls|ssl|protocol|timeout)$/i;
const HOST = /^(?:\[[0-9a-f:.%]+\]|[a-z0-9._-]+)?(?::\d{0,5})?$/i;
const WITHIN_TEXT = /[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>]+/gi;
/** `user:password@host` without a scheme. */
const BARE_USERINFO = /(^|[\s"'`<>(,[])(?:\/\/)?[^\s"'`<>(,[\]/:]*:(?!\/\/)[^\s"'`<>]+@(?=[^\s"'`<>@])/g;

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

/** A text with each address in it masked. */
export function maskUrls(text: string): string {
  return text
    .replace(WITHIN_TEXT, text => {
      const end = /[:,;.!)]*$/.exec(text)?.[0] ?? "";
      return `${maskUrl(text.slice(0, text.length - end.length))}${end}`;
    })
    .replace(BARE_USERINFO, (_, before: string) => `${before}${MASK}@`);
}

/** A name alone may be a password that lacks its colon. */
function maskUserinfo(userinfo: string): string {
  const colon = userinfo.indexOf(":");
  return colon < 0 ? MASK : `${userinfo.slice(0, colon)}:${MASK}`;
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
