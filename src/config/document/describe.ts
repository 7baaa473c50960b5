const MAX_SHOWN = 60;

/** What was found, for people: `12` (a number), a list, nothing. Credentials in addresses are left out. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "found nothing";
  if (Array.isArray(value)) return value.length === 0 ? "found an empty list" : "found a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "found {}" : "found a mapping";
  if (typeof value === "string") return value === "" ? "found an empty text" : `found ${quote(value)}`;
  return `found \`${String(value)}\` (a ${typeof value})`;
}

/** A text on one line, shortened, in backticks. */
export function quote(text: string): string {
  const line = withoutCredentials(text).replace(/\s+/g, " ");
  return `\`${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line}\``;
}

function withoutCredentials(text: string): string {
  return text.replace(/\S+/g, word => withoutQuery(withoutBareUserinfo(withoutUserinfo(word))));
}

function withoutUserinfo(word: string): string {
  const start = word.indexOf("//");
  const at = word.lastIndexOf("@");
  if (start < 0 || at < start + 2) return word;
  // A `/`, `?` or `#` in front of the `@` may end the host, or be in the password.
  const isClear = !/[/?#]/.test(word.slice(start + 2, at));
  return `${word.slice(0, start)}//…${isClear ? word.slice(at) : ""}`;
}

function withoutBareUserinfo(word: string): string {
  return word.replace(/^[^:@/]*:(?!\/\/).*@(?=.)/s, "…@");
}

function withoutQuery(word: string): string {
  const start = word.indexOf("://");
  const query = start < 0 ? -1 : word.slice(start).search(/[?#]/);
  return query < 0 ? word : `${word.slice(0, start + query + 1)}…`;
}

/** What moves a cursor, colours, turns the direction of writing, or is half a character. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** The same of a text with several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** A foreign text on one line, with escapes (`\u001b`) for what could steer a terminal or forge a line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
