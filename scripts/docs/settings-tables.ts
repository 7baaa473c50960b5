import { configSchema } from "../../src/config/schemas/json-schema.ts";
import { FIXED_SETTINGS } from "../../src/config/schemas/schema.ts";
import { type Setting, settingsOf } from "./settings.ts";

/** The tables of all settings, as docs/configuration.md has them. */
export function settingsTables(): string {
  const { policies, others } = ofJobs();
  return [
    "## bellwether.yaml",
    "",
    "What is *live* is taken over by running replicas when it is changed; the rest by a restart.",
    "",
    table(
      ["key", "value", "default", "changes", "meaning"],
      settingsOf(configSchema("bellwether")).map(setting => cellsOf(setting, effectOf(setting))),
    ),
    "",
    "## jobs.yaml",
    "",
    "All of it is live. `defaults` takes what is marked, for all jobs of its file that do not say otherwise.",
    "",
    table(
      ["key", "value", "default", "in defaults", "meaning"],
      others.map(setting => [...cellsOf(setting, isPolicy(setting, policies) ? "yes" : "")]),
    ),
    "",
  ].join("\n");
}

/** The keys of `defaults` are those of jobs: they are listed once. */
function ofJobs(): { policies: ReadonlySet<string>; others: readonly Setting[] } {
  const all = settingsOf(configSchema("jobs"));
  const policies = all.filter(({ key }) => key.startsWith("defaults."));
  return {
    policies: new Set(policies.map(({ key }) => key.replace("defaults.", "jobs.NAME."))),
    others: all.filter(setting => !policies.includes(setting)),
  };
}

function isPolicy({ key }: Setting, policies: ReadonlySet<string>): boolean {
  return policies.has(key);
}

function effectOf({ key }: Setting): string {
  const section = key.split(".")[0];
  return FIXED_SETTINGS.some(fixed => fixed === section) ? "restart" : "live";
}

function cellsOf({ key, type, fallback, isRequired, meaning }: Setting, more: string): string[] {
  const shown = isRequired ? "required" : fallback === null ? "" : `\`${fallback}\``;
  return [`\`${key}\``, type, shown, more, meaning];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map(cells => `| ${cells.map(cell => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}
