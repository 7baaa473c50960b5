/** One way to break the code, and the tests which must notice it. */
export interface Mutant {
  /** Unique; letters, digits and `-`. */
  readonly name: string;
  /** The rule that the change breaks, as a claim. */
  readonly rule: string;
  /** Relative to the checkout. */
  readonly file: string;
  /** A text that occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files which must fail, those first that fail soonest. */
  readonly tests: readonly string[];
  /** Why no test can notice it. It is run nevertheless, and reported if a test does. */
  readonly survives?: string;
}

/** What the mutant makes of the file's text, or why it cannot be applied to it. */
export function mutate(
  { find, replace }: Mutant,
  text: string,
): { readonly text: string } | { readonly error: string } {
  const occurrences = text.split(find).length - 1;
  if (find === replace) return { error: "changes nothing" };
  if (occurrences !== 1) return { error: `expected its text once, found it ${occurrences} times` };
  return { text: text.replace(find, () => replace) };
}
