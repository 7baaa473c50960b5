/**
 * The part of the peers' packages that the benchmarks use. The packages are those of bench/package.json, which only `npm run bench`
 * installs: the static checks of a checkout do without them.
 */
declare module "node-cron" {
  export function schedule(
    expression: string,
    task: (context: { readonly date: Date }) => void,
    options?: { readonly name?: string },
  ): unknown;
}

declare module "pg-boss" {
  interface Job {
    readonly id: string;
  }

  export class PgBoss {
    constructor(options: {
      readonly connectionString: string;
      readonly cronMonitorIntervalSeconds?: number;
      readonly cronWorkerIntervalSeconds?: number;
      readonly useListenNotify?: boolean;
    });
    on(event: "error", listener: (error: unknown) => void): void;
    start(): Promise<unknown>;
    createQueue(name: string, options?: { readonly notify?: boolean }): Promise<void>;
    schedule(name: string, cron: string, data: object, options: { readonly key: string }): Promise<void>;
    work(
      name: string,
      options: {
        readonly batchSize?: number;
        readonly localConcurrency?: number;
        readonly pollingIntervalSeconds?: number;
        readonly burstWhenBatchFull?: boolean;
      },
      handler: (jobs: readonly Job[]) => Promise<void>,
    ): Promise<string>;
  }
}

declare module "graphile-worker" {
  interface ParsedCronItem {
    readonly identifier: string;
  }

  export class Logger {
    constructor(factory: () => (level: string, message: string) => void);
  }
  export function parseCronItems(
    items: readonly { readonly task: string; readonly match: string; readonly identifier: string }[],
  ): ParsedCronItem[];
  export function run(options: {
    readonly connectionString: string;
    readonly concurrency: number;
    readonly noHandleSignals: boolean;
    readonly logger: Logger;
    readonly parsedCronItems: readonly ParsedCronItem[];
    readonly taskList: Readonly<Record<string, (payload: unknown) => Promise<void>>>;
  }): Promise<{ readonly promise: Promise<void> }>;
}
