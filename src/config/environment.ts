/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What became of the `${…}` references in one text. */
export interface Expansion {
  /** The text with its references replaced; a reference that could not be replaced stays as written. */
  readonly text: string;
  /** True when at least one value came from the environment or a default: the text may be a secret. */
  readonly isExpanded: boolean;
  /** True when the text was one reference and nothing else. */
  readonly isWhole: boolean;
  readonly problems: readonly string[];
}

/** `$${` (a literal `${`), or `${` with all that follows up to the next `}`, or to the end when there is none. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const BODY = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Replaces `${NAME}` and `${NAME:-default}`. As in a shell, the default also stands in for an empty variable,
 * and a variable without a default must exist.
 */
export function expandReferences(source: string, env: Environment): Expansion {
  const problems: string[] = [];
  let isExpanded = false;
  let isWhole = false;
  const text = source.replace(REFERENCE, (written: string, body: string | undefined, end: string) => {
    if (body === undefined) return "${";
    const value = end === "" ? { problem: malformed(written) } : lookUp(written, body, env);
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

function lookUp(written: string, body: string, env: Environment): { text: string } | { problem: string } {
  const match = BODY.exec(body);
  const name = match?.[1];
  if (name === undefined) return { problem: malformed(written) };
  const fallback = match?.[2];
  const value = env[name];
  if (fallback !== undefined) return { text: value || fallback };
  if (value !== undefined) return { text: value };
  return {
    problem: `the environment variable ${name} is not set: set it, or write \${${name}:-default}`,
  };
}

function malformed(written: string): string {
  return `\`${written}\` is not a reference: expected \${NAME} or \${NAME:-default} (a literal \${ is written $\${)`;
}

/**
 * A whole reference is read again as YAML would read it, so that `port: ${HTTP_PORT}` is a number: but only
 * where nothing is lost, so that `1.10`, `007` and an id of 20 digits stay the texts that they are.
 */
export function rereadScalar(text: string): string | number | boolean | null {
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  const number = Number(text);
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact && String(number) === text ? number : text;
}
