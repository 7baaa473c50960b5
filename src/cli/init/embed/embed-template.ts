/** What `bellwether init --embed` writes for a framework beside the configuration and the first handler. */
export interface EmbedTemplate {
  /** What makes each process of the service a replica; `extension` is that of an ES module in the package. */
  readonly module: (extension: ".ts" | ".mts") => Readonly<Record<string, string>>;
  /** A service around it, for a new package. */
  readonly service: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  /** What `module` and `service` import. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** What a service that exists has to call, in one sentence. */
  readonly advice: string;
}

export const TYPESCRIPT = { "@types/node": "^24.19.2", typescript: "^7.0.2" };

/** For sources that Node.js runs as they are. */
export const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true
  },
  "include": ["*.ts", "jobs"]
}
`;

/** The start of the module, with what most services add. */
export const OPTIONS = `  config: "./config",
  // What the service has already: connection, context (its database pool), registry, jobs in code. See docs/embedding.md of
  // the package.`;
