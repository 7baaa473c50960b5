import { maskUrls } from "../mask-url.ts";
import { printable } from "./describe.ts";

/** One thing that is wrong in the configuration, and where. Lines and columns count from 1; both are 0 in code. */
export interface ConfigIssue {
  /** Relative to the working directory when below it, absolute otherwise. In code, the option: `new Bellwether({ jobs })`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted, list items as `[0]`: `jobs.nightly-report.cron[1]`; empty when the file as a whole is meant. */
  readonly key: string;
  /** What was found, what is expected, and the nearest valid key where there is one. */
  readonly problem: string;
}

/** A place in a configuration file: map keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** `config/jobs.yaml:7:5 jobs.nightly-report.timezne: unknown key (did you mean timezone?)` */
export function formatIssue(issue: ConfigIssue): string {
  const { key, problem } = issue;
  const told = shortened(problem, MAX_PROBLEM);
  // In YAML `{redis://ops:secret@host}` is a mapping, whose key is the address.
  const what = key === "" ? told : `${shortened(maskUrls(key), MAX_KEY)}: ${told}`;
  return printable(`${formatPlace(issue)} ${what}`);
}

/** `config/jobs.yaml:3:3`, or `new Bellwether({ jobs })`. */
export function formatPlace({ file, line, column }: Pick<ConfigIssue, "file" | "line" | "column">): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}

/** No key and no fixed part of a message is this long, but a key or value in a file may be. */
const MAX_KEY = 300;
const MAX_PROBLEM = 1_000;

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** The path as people write it. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** A mistake that belongs to a file as a whole. */
export function fileIssue(file: string, problem: string): ConfigIssue {
  return { file, line: 1, column: 1, key: "", problem };
}

/** In reading order and without repetition: a bad default shows once, not once per job that inherits it. */
export function sortIssues(issues: readonly ConfigIssue[], files: readonly string[]): ConfigIssue[] {
  const unique = new Map(issues.map(issue => [formatIssue(issue), issue]));
  const rank = new Map(files.map((file, index) => [file, index]));
  return [...unique.values()].sort(
    (a, b) =>
      (rank.get(a.file) ?? files.length) - (rank.get(b.file) ?? files.length) ||
      a.line - b.line ||
      a.column - b.column,
  );
}
