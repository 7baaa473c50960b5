/**
 * `npm run prose [-- PATH…]`: words per sentence of README, docs and comments, and the words that are listed in
 * scripts/docs/listed-words.ts. Exits with 1 when a limit is passed. A path limits it to the files below that path.
 * It reads the working directory, which is the repository's root under npm.
 */
import { readFileSync } from "node:fs";
import { isAccepted, proseReport } from "./docs/prose-report.ts";
import { textFiles } from "./docs/text-files.ts";

const GROUPS = {
  README: ["README.md"],
  docs: ["docs/*.md", "examples/**/*.md"],
  comments: ["{src,test,scripts,bench,model,jobs,deploy,examples,website}/**/*.{ts,js,mjs,lua}"],
};

const prefixes = process.argv.slice(2);

for (const [group, patterns] of Object.entries(GROUPS)) {
  const files = patterns
    .flatMap(pattern => textFiles(process.cwd(), pattern))
    .filter(file => prefixes.length === 0 || prefixes.some(prefix => file.startsWith(prefix)))
    .map(file => ({ file, text: readFileSync(file, "utf8") }));
  if (files.length === 0) continue;
  const report = proseReport(files);
  const { sentences, medianWords, longest, findings } = report;
  const longestText = longest === null ? "" : `, longest ${longest.words} (${longest.place})`;
  for (const finding of findings) console.log(finding);
  console.log(
    `${group}: ${sentences} sentences, median ${medianWords} words${longestText}; ${findings.length} findings\n`,
  );
  if (!isAccepted(report)) process.exitCode = 1;
}
