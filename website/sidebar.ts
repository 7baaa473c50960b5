/**
 * The pages in the four groups of Diátaxis. A test holds that each page of docs/ is here exactly once, and that
 * docs/README.md, the map of the documentation, has the same groups.
 */
export interface Group {
  readonly title: string;
  /** Title and file, relative to the repository. */
  readonly pages: readonly (readonly [title: string, file: string])[];
}

/** The first page, in no group. */
export const HOME = "docs/README.md";

export const GROUPS: readonly Group[] = [
  {
    title: "Getting started",
    pages: [
      ["Overview", "README.md"],
      ["First hour", "docs/getting-started.md"],
      ["Questions", "docs/faq.md"],
    ],
  },
  {
    title: "How-to",
    pages: [
      ["Write handlers", "docs/handlers.md"],
      ["Use locks", "docs/locks.md"],
      ["Embed it in a service", "docs/embedding.md"],
      ["Operate from code", "docs/client.md"],
      ["Use the dashboard", "docs/dashboard.md"],
      ["Operate over HTTP", "docs/http-api.md"],
      ["Listen to events", "docs/events-in-code.md"],
      ["Use queues of your own", "docs/queues.md"],
      ["Test your jobs", "docs/testing.md"],
      ["Migrate", "docs/migrating.md"],
      ["Deploy", "docs/deploying.md"],
      ["Run Redis", "docs/redis.md"],
      ["Run etcd", "docs/etcd.md"],
      ["Secure it", "docs/security.md"],
      ["Operate", "docs/operations.md"],
      ["Troubleshoot", "docs/troubleshooting.md"],
      ["Contribute", "CONTRIBUTING.md"],
      ["Release", "docs/releasing.md"],
      ["Report a weakness", "SECURITY.md"],
    ],
  },
  {
    title: "Reference",
    pages: [
      ["Schedules", "docs/schedules.md"],
      ["Configuration", "docs/configuration.md"],
      ["Command line and contract", "docs/contract.md"],
      ["Events and the log", "docs/events.md"],
      ["Metrics and probes", "docs/metrics.md"],
      ["Errors", "docs/errors.md"],
      ["API of the package", "api/index.md"],
      ["Toolchains and platforms", "docs/toolchains.md"],
      ["Glossary", "docs/glossary.md"],
      ["Changelog", "CHANGELOG.md"],
      ["Code of conduct", "CODE_OF_CONDUCT.md"],
    ],
  },
  {
    title: "Explanation",
    pages: [
      ["Guarantees", "docs/guarantees.md"],
      ["Architecture", "docs/architecture.md"],
      ["Comparison", "docs/comparison.md"],
      ["Performance", "docs/performance.md"],
      ["Mutants of the code", "docs/mutants.md"],
    ],
  },
];
