import { settingsTables } from "./settings-tables.ts";

const BEGIN = "<!-- Written by `npm run docs`: change the schema, not this. -->\n";

/** The page with everything behind the mark written anew. */
export function withTables(page: string): string {
  const [written, ...rest] = page.split(BEGIN);
  if (written === undefined || rest.length !== 1) throw new Error(`expected the mark once: ${BEGIN.trim()}`);
  return `${written}${BEGIN}\n${settingsTables()}`;
}
