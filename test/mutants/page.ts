import type { Judgement } from "./judge.ts";

const INTRODUCTION = `# Mutants of the code

A test proves something only if it fails when the code is wrong. \`npm run mutants\` breaks one rule at a time in a copy of
the checkout and runs the tests that hold the rule. The list is in \`test/mutants\`; this table is from the last complete run
(\`npm run mutants -- --write\`). The run takes some minutes and is not part of CI.
`;

/** docs/mutants.md, with the results of a complete run. */
export function withTable(judgements: readonly Judgement[]): string {
  const killed = judgements.filter(({ outcome }) => outcome === "killed").length;
  const rows = judgements.map(
    ({ mutant, outcome, why }) =>
      `| \`${mutant.name}\` | \`${mutant.file}\` | ${cell(mutant.rule)} | ${outcome}${why === undefined ? "" : `: ${cell(why)}`} |`,
  );
  return [
    INTRODUCTION,
    `${judgements.length} mutants, ${killed} killed.`,
    "",
    "| mutant | file | rule that it breaks | result |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
