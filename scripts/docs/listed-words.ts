/**
 * Words that this project does not use in its prose, and what it writes instead: idioms, metaphors and indefinite
 * persons that are hard to read in a second language. Plain senses of the same word are let through where a pattern can
 * tell them apart ("in the middle of a command", "looks up").
 */
import type { Passage } from "./sentences.ts";

const LISTED: readonly (readonly [RegExp, string])[] = [
  [/\bmend(s|ed|ing)?\b/, "fix"],
  [/\b(told|tells|telling|tell of)\b/, "log, report"],
  [/\b(stands?|stood|standing) (in|at|for)\b|\bstands\b/, "be, mean"],
  [/\bso (many|often|long)\b/, "this many, this often, for this long"],
  [/\bin the middle\b(?! of)/, "median"],
  [/\b(bears?|bearing|borne)\b/, "tolerate, accept"],
  [/\b(give|gives|gave|given|giving) (\w+ )?back\b/, "return, release, requeue"],
  [/\bwhoever\b/, "the caller, the client"],
  [/\bnobody\b/, "there is no, no replica"],
  [/\bsomebody\b/, "another replica, another program"],
  [/\bcourtes(y|ies)\b/, "best effort"],
  [/\bfarewells?\b/, "cleanup"],
  [/\bnot for long\b/, "briefly"],
  [/\buntil \w+( \w+)? (is|are) back\b/, "until it recovers"],
  [/\b(is|are|was|were|be|been|being|has|have) gone\b/, "has exited, was removed, has expired"],
  [/\b(falls?|fell|falling) due\b/, "due ticks"],
  [/\bby turns\b/, "alternately"],
  [/\bat once\b/, "immediately"],
  [/\b(a|one|two|three|first|second) looks?\b|\blooks\b(?! (up|like))/, "check"],
  [/\b(is|are|was|were|be) over\b(?! \d)/, "has finished"],
];

export interface Finding {
  readonly word: string;
  readonly instead: string;
  readonly line: number;
}

export function listedWordsIn({ text, line }: Passage): Finding[] {
  return LISTED.flatMap(([pattern, instead]) =>
    [...text.matchAll(new RegExp(pattern.source.replaceAll(" ", "\\s+"), "gi"))].map(match => ({
      word: match[0].replaceAll(/\s+/g, " "),
      instead,
      line: line + text.slice(0, match.index).split("\n").length - 1,
    })),
  );
}
