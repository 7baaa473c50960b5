const NAME_LIMIT = 60;

/** Gives out names that are valid for jobs, each once: the second `backup` is `backup-2`. */
export class JobNames {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const name = toName(wanted);
    let unique = name;
    for (let count = 2; this.#taken.has(unique); count++) unique = `${name}-${count}`;
    this.#taken.add(unique);
    return unique;
  }
}

function toName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, NAME_LIMIT);
  return /\w(?:.*\w)?/.exec(name)?.[0] ?? "job";
}

/** They run another program and say nothing about the work. */
const WRAPPERS = /^(sudo|nice|ionice|nohup|exec|env|time|chronic|setsid|sh|bash|dash|zsh)$/;
const WRAPPERS_WITH_VALUE = /^(timeout|flock|chpst|su|runuser)$/;
/** Of sudo, nice and ionice. */
const OPTION_WITH_VALUE = /^-[ugnc]$/;
const INTERPRETERS = /^(node|php|python[\d.]*|ruby|perl|java|deno|bun)$/;
const BEFORE_THE_WORK = /^(cd|test|\[|\.|source|export|set|sleep|umask|ulimit)(\s|$)/;
const EXTENSIONS = /\.(sh|bash|py|js|mjs|cjs|ts|php|rb|pl)$/;
const MAX_WORDS = 3;

/**
 * What a command line does, in a few words: `cd /srv && php artisan schedule:run >/dev/null` is
 * `artisan-schedule-run`. A guess for people; the name can be changed until the first run.
 */
export function nameOfCommand(command: string): string {
  const parts = command.split(/&&|\|\||[;|&\n]/).map(part => part.trim());
  const work = parts.find(part => part !== "" && !BEFORE_THE_WORK.test(part)) ?? command;
  const words = withoutWrappers(
    work
      .replaceAll(/["'`(){}]/g, " ")
      .split(/\s+/)
      .filter(Boolean),
  );
  const [program = "", ...others] = words;
  const arguments_ = takeWhile(others, word => /^[A-Za-z][\w:.-]*$/.test(word));
  return [baseName(program), ...arguments_].slice(0, MAX_WORDS).join("-");
}

function withoutWrappers(words: readonly string[]): string[] {
  let rest = [...words];
  for (;;) {
    const [first = ""] = rest;
    const name = baseName(first);
    const isPrefix = /^[A-Za-z_]\w*=/.test(first) || first.startsWith("-") || WRAPPERS.test(name);
    const isInterpreter = INTERPRETERS.test(name) && rest.length > 1;
    const length = OPTION_WITH_VALUE.test(first) ? 2 : 1;
    if (rest.length > length && (isPrefix || isInterpreter)) rest = rest.slice(length);
    else if (rest.length > 2 && WRAPPERS_WITH_VALUE.test(name))
      rest = rest.slice(2 + countOptions(rest.slice(1)));
    else return rest;
  }
}

function countOptions(words: readonly string[]): number {
  return takeWhile(words, word => word.startsWith("-")).length;
}

function baseName(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(EXTENSIONS, "");
}

function takeWhile(words: readonly string[], holds: (word: string) => boolean): string[] {
  const end = words.findIndex(word => !holds(word));
  return words.slice(0, end < 0 ? words.length : end);
}
