/**
 * The page's own files with a stub behind them instead of the API: enough for each view, with a cluster of any size.
 * What the real API answers is tested with real replicas.
 */
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { addPageRoutes } from "../../../src/admin/page-routes.ts";
import type { AuditRow, Facets, JobPage, JobRow } from "../../../src/dashboard/shapes.ts";
import { addClusterRoutes, problem, type StubCluster } from "./stub-cluster.ts";
import { iso, makeAudit, makeJobs, STATE_RULES } from "./stub-data.ts";

export interface StubOptions {
  readonly jobs?: number;
  readonly basePath?: string;
  /** Replaces or adds jobs. */
  readonly extraJobs?: readonly Partial<JobRow>[];
}

const TOKENS = { viewer: "viewer-token", operator: "operator-token", admin: "admin-token" } as const;
type StubRole = keyof typeof TOKENS;

export class StubServer implements StubCluster {
  readonly #server: FastifyInstance;
  readonly basePath: string;
  readonly jobs: JobRow[];
  readonly audit: AuditRow[];
  readonly streams = new Set<FastifyReply>();
  readonly posted: { readonly url: string; readonly body: unknown }[] = [];
  url = "";
  #isAway = false;
  #eventId = 0;

  private constructor({ jobs = 120, basePath = "", extraJobs = [] }: StubOptions) {
    const nowMs = Date.now();
    this.basePath = basePath;
    this.jobs = makeJobs(jobs, nowMs);
    const [first] = this.jobs;
    if (first) this.jobs.unshift(...extraJobs.map(extra => ({ ...first, ...extra })));
    this.audit = makeAudit(nowMs);
    this.#server = fastify({ forceCloseConnections: true });
  }

  static async start(options: StubOptions = {}): Promise<StubServer> {
    const stub = new StubServer(options);
    stub.#addRoutes();
    await stub.#server.listen({ host: "127.0.0.1", port: 0 });
    const address = stub.#server.server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    stub.url = `http://127.0.0.1:${port}${stub.basePath}`;
    return stub;
  }

  async stop(): Promise<void> {
    this.breakStreams();
    await this.#server.close();
  }

  tokenOf(role: StubRole): string {
    return TOKENS[role];
  }

  /** To each stream that is open. */
  emit(type: string, data: object): void {
    this.#eventId += 1;
    for (const { raw } of this.streams)
      raw.write(`event: ${type}\nid: ${this.#eventId}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** From now on everything is answered with 503, as while Redis is away. */
  goAway(): void {
    this.#isAway = true;
    this.breakStreams();
  }

  comeBack(): void {
    this.#isAway = false;
  }

  breakStreams(): void {
    for (const { raw } of this.streams) raw.destroy();
    this.streams.clear();
  }

  matching(query: Readonly<Record<string, string | undefined>>): JobRow[] {
    const nowMs = Date.now();
    const search = (query["search"] ?? "").toLowerCase();
    const rule = STATE_RULES[(query["state"] || "all") as keyof Facets] ?? STATE_RULES.all;
    return this.jobs.filter(
      job =>
        (job.name.includes(search) || job.queue.includes(search) || job.handler?.includes(search)) &&
        (!query["queue"] || job.queue === query["queue"]) &&
        rule(job, nowMs),
    );
  }

  page(query: Readonly<Record<string, string | undefined>>): JobPage {
    const nowMs = Date.now();
    const matching = this.matching(query);
    const start = Number(query["cursor"] ?? 0);
    const end = start + Number(query["limit"] ?? 100);
    const facets = Object.fromEntries(
      Object.entries(STATE_RULES).map(([state, rule]) => [
        state,
        this.jobs.filter(job => rule(job, nowMs)).length,
      ]),
    ) as Facets;
    return {
      items: matching.slice(start, end),
      next: end < matching.length ? String(end) : null,
      total: matching.length,
      facets,
    };
  }

  #addRoutes(): void {
    const server = this.#server;
    void server.register(async scope => addPageRoutes(scope, this.basePath), { prefix: this.basePath });
    const api = `${this.basePath}/api/v1`;
    server.addHook("onRequest", async (request, reply) => {
      if (!request.url.startsWith(api)) return;
      reply.header("cache-control", "no-store");
      const path = request.url.slice(api.length).split("?")[0];
      if (path === "/session" && request.method === "POST") return;
      const role = roleOf(request.headers.cookie);
      if (role === null) return problem(reply, 401, "BW_UNAUTHORIZED", "Sign in first.");
      if (path === "/session" && !this.#isAway) return;
      if (this.#isAway) return problem(reply, 503, "BW_REDIS_AWAY", "Redis does not answer.");
      if (request.method === "POST" && role === "viewer")
        return problem(reply, 403, "BW_FORBIDDEN", "A viewer may not do this.");
      if (request.method === "POST" && request.headers["x-csrf-token"] !== "stub-csrf")
        return problem(reply, 403, "BW_CSRF", "The request has no token.");
    });
    server.post<{ Body: { token: string } }>(`${api}/session`, (request, reply) => {
      const role = (Object.keys(TOKENS) as StubRole[]).find(one => TOKENS[one] === request.body.token);
      if (!role) return problem(reply, 401, "BW_UNAUTHORIZED", "No token of the configuration is this one.");
      return reply.header("set-cookie", `role=${role}; HttpOnly; SameSite=Strict; Path=/`).send({});
    });
    server.delete(`${api}/session`, (_request, reply) =>
      reply.header("set-cookie", "role=; Max-Age=0; Path=/").send({}),
    );
    server.get(`${api}/session`, ({ headers }) => {
      const role = roleOf(headers.cookie);
      return {
        name: role === "viewer" ? "vera" : "ada",
        role,
        signedInBy: "session",
        csrf: "stub-csrf",
        viewersSeeData: false,
        clock: iso(Date.now()),
      };
    });
    server.get<{ Querystring: Record<string, string> }>(`${api}/jobs`, ({ query }) => this.page(query));
    server.get(`${api}/events`, (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      reply.raw.write(": hello\n\n");
      this.streams.add(reply);
      reply.raw.on("close", () => this.streams.delete(reply));
    });
    addClusterRoutes(server, api, this);
  }
}

function roleOf(cookie: string | undefined): StubRole | null {
  const role = /role=(\w+)/.exec(cookie ?? "")?.[1];
  return role !== undefined && role in TOKENS ? (role as StubRole) : null;
}
