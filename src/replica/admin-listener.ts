import type { AdminServer } from "../admin/admin-server.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Config } from "../config/config.ts";
import type { EventMap } from "../event-map.ts";

export interface AdminListenerOptions {
  readonly config: Config["admin"];
  readonly namespace: string;
  readonly cluster: () => Cluster;
  /** A part of the configuration cannot be read any more. */
  readonly onProblem: (problem: string) => void;
  /** A request that acts was answered, or refused. */
  readonly onAnswered: (answer: EventMap["api.answered"]) => void;
}

/** The HTTP API of a replica where the configuration has it on. Its packages are loaded then, and not before. */
export class AdminListener {
  readonly #options: AdminListenerOptions;
  #server: AdminServer | null = null;
  #url: string | null = null;

  constructor(options: AdminListenerOptions) {
    this.#options = options;
  }

  /** The dashboard's address; null until it listens, and where it is off. */
  get url(): string | null {
    return this.#url;
  }

  /** Resolves with the dashboard's address, where it is on. Throws BW_LISTEN_FAILED and BW_TOKEN_FILE. Call it once. */
  async start(): Promise<string | undefined> {
    const { config, cluster, ...others } = this.#options;
    if (config === false || config === null) return undefined;
    const { AdminServer } = await import("../admin/admin-server.ts");
    this.#server = new AdminServer({ ...others, config, cluster: cluster() });
    this.#url = await this.#server.start();
    return this.#url;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}
