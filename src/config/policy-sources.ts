import type { ConfigDocument } from "./document/document.ts";

/** The keys of a job that it can have from elsewhere: from the `defaults` of its file, or from Bellwether. */
export const POLICY_KEYS = [
  ...["timezone", "dst.gap", "dst.overlap", "jitter", "catchUp", "catchUpWindow", "catchUpLimit", "overlap"],
  ...["queue", "priority", "lifo", "timeout"],
  ...["retry.attempts", "retry.backoff", "retry.delay", "retry.jitter"],
  ...["retention.completed.age", "retention.completed.count"],
  ...["retention.failed.age", "retention.failed.count"],
] as const;

/** Where the values of a job's policies are written, by key; a key that is absent has Bellwether's own value. */
export type PolicySources = Readonly<Partial<Record<string, "job" | "defaults">>>;

/** Says of each job of a file where its policies come from. */
export function policySources(document: ConfigDocument): (job: string) => PolicySources {
  const fromDefaults = sourcesAt(document, ["defaults"], "defaults");
  const known = new Map<string, PolicySources>();
  return job => {
    const at = ["jobs", job];
    // Jobs with the same keys share an object: most of a large file do.
    const keys = JSON.stringify([document.keysOf(at), ...SECTIONS.map(key => document.get([...at, key]))]);
    const sources = known.get(keys) ?? Object.freeze({ ...fromDefaults, ...sourcesAt(document, at, "job") });
    known.set(keys, sources);
    return sources;
  };
}

/** The policies that have keys of their own. */
const SECTIONS = [
  ...new Set(POLICY_KEYS.filter(key => key.includes(".")).map(key => key.replace(/\..*/, ""))),
];

function sourcesAt(document: ConfigDocument, at: readonly string[], source: "job" | "defaults") {
  const sections = new Set(document.keysOf(at));
  const written = POLICY_KEYS.filter(key => {
    const path = key.split(".");
    return sections.has(path[0] ?? "") && document.has([...at, ...path]);
  });
  return Object.fromEntries(written.map(key => [key, source] as const));
}
