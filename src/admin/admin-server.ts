import { settlesWithin } from "../clock/within.ts";
import { listen } from "../observability/http-server.ts";
import { type AdminApp, type AdminOptions, createAdminApp } from "./app.ts";

const CLOSE_LIMIT_MS = 1_000;

/** The HTTP API and the dashboard on the configuration's `admin` address. */
export class AdminServer {
  readonly #options: AdminOptions;
  /** Null before the start. */
  #app: Promise<AdminApp> | null = null;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  /** Listens from now on; resolves with the dashboard's address. Throws BW_LISTEN_FAILED and BW_TOKEN_FILE. Call it once. */
  async start(): Promise<string> {
    const { config } = this.#options;
    this.#app = createAdminApp(this.#options);
    const url = await listen(await this.#app, "admin", config);
    return `${url}${config.basePath === "/" ? "" : config.basePath}/`;
  }

  /** In bounded time, whatever clients do. */
  async stop(): Promise<void> {
    const app = await this.#app?.catch(() => null);
    if (app) await settlesWithin(app.close(), CLOSE_LIMIT_MS);
    this.#options.cluster.close();
  }
}
