import { quote } from "./describe.ts";
import type { ReadSecret } from "./secret-files.ts";

/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What became of the `${…}` references in one text. */
export interface Expansion {
  /** The text with its references replaced; a reference that could not be replaced stays as written. */
  readonly text: string;
  /** True when at least one value came from the environment, a file or a default: the text may be a secret. */
  readonly isExpanded: boolean;
  /** True when the text was one reference and nothing else. */
  readonly isWhole: boolean;
  readonly problems: readonly string[];
}

/** `$${` (a literal `${`), or `${` with all that follows up to the next `}`, or to the end when there is none. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAME_BODY = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
/** `file:` and a path, which a `:-` ends. A path with line breaks, or one that is long, is a slip. */
const FILE_BODY = /^file:(?!-)(\P{C}{0,255}?)(?::-(.*))?$/su;

/** What references read. */
export interface ReferenceSources {
  readonly env: Environment;
  readonly readSecret: ReadSecret;
}

/**
 * Replaces `${NAME}`, `${file:/path}` and both with `:-default`. As in a shell, the default also replaces an empty
 * variable (or file), and a variable or file without a default must exist.
 */
export function expandReferences(source: string, sources: ReferenceSources): Expansion {
  const problems: string[] = [];
  let isExpanded = false;
  let isWhole = false;
  const text = source.replace(REFERENCE, (written: string, body: string | undefined, end: string) => {
    if (body === undefined) return "${";
    const value = end === "" ? { problem: malformed(written) } : lookUp(written, body, sources);
    if ("problem" in value) {
      problems.push(value.problem);
      return written;
    }
    isExpanded = true;
    isWhole = written.length === source.length;
    return value.text;
  });
  return { text, isExpanded, isWhole, problems };
}

type Value = { readonly text: string } | { readonly problem: string };

function lookUp(written: string, body: string, { env, readSecret }: ReferenceSources): Value {
  const [, file, fileDefault] = FILE_BODY.exec(body) ?? [];
  if (file !== undefined) return readFrom(file, fileDefault, readSecret);
  const [, name, fallback] = NAME_BODY.exec(body) ?? [];
  if (name === undefined) return { problem: malformed(written) };
  // Of what every object has (`toString`), nothing is a variable.
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return { text: value || fallback };
  if (value !== undefined) return { text: value };
  return {
    problem: `the environment variable ${name} is not set: set it, or write \${${name}:-default}`,
  };
}

/** A default replaces a missing file; one that cannot be used is a mistake all the same. */
function readFrom(file: string, fallback: string | undefined, readSecret: ReadSecret): Value {
  if (!file.startsWith("/")) {
    return {
      problem: `\${file:${file}} has a relative path: expected an absolute one, like \${file:/run/secrets/name}`,
    };
  }
  const secret = readSecret(file);
  if ("text" in secret) return secret;
  if (secret.isMissing && fallback !== undefined) return { text: fallback };
  const hint = secret.isMissing ? `: mount it, or write \${file:${file}:-default}` : "";
  return { problem: `${file}: ${secret.problem}${hint}` };
}

function malformed(written: string): string {
  return `${quote(written)} is not a reference: expected \${NAME}, \${NAME:-default} or \${file:/path} (a literal \${ is written $\${)`;
}

/**
 * A whole reference is read again as YAML would read it, so that `port: ${HTTP_PORT}` is a number. This happens only
 * where nothing is lost: `1.10`, `007` and an id of 20 digits stay texts.
 */
export function rereadScalar(text: string): string | number | boolean | null {
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  const number = Number(text);
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact && String(number) === text ? number : text;
}
