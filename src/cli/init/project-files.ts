import type { EmbedTemplate } from "./embed/embed-template.ts";

type Files = Readonly<Record<string, string>>;

/** The files of a new project, by path. `name` is good for a package and for a namespace, `spec` for a dependency. */
export function projectFiles(name: string, version: string, spec: string): Files {
  return {
    ...jobFiles(name, ".ts"),
    ...dockerFiles(version),
    "package.json": `${JSON.stringify(manifest(name, spec), null, 2)}\n`,
    ".gitignore": "node_modules/\n",
    "README.md": readme(name, version),
  };
}

/** The files of a new service that embeds Bellwether. */
export function serviceFiles(name: string, spec: string, template: EmbedTemplate): Files {
  return {
    ...embedFiles(name, ".ts", template),
    ...template.service,
    "package.json": `${JSON.stringify(serviceManifest(name, spec, template), null, 2)}\n`,
    ".gitignore": "node_modules/\ndist/\n",
    "README.md": serviceReadme(name),
  };
}

/** What makes each process of a service that exists a replica. */
export function embedFiles(name: string, extension: ModuleExtension, template: EmbedTemplate): Files {
  return { ...jobFiles(name, extension, EMBEDDED_LISTENERS), ...template.module(extension) };
}

export type ModuleExtension = ".ts" | ".mts";

/** What makes jobs of a package. */
export function jobFiles(name: string, extension: ModuleExtension, listeners = OWN_LISTENERS): Files {
  return {
    "config/bellwether.yaml": settings(name, listeners),
    "config/jobs.yaml": jobs(extension),
    [`jobs/hello${extension}`]: HELLO,
  };
}

export function dockerFiles(version: string): Files {
  return { Dockerfile: dockerfile(version), ".dockerignore": DOCKER_IGNORE };
}

/** Values for the chart in the package, deploy/helm/bellwether. */
export function helmFiles(name: string, version: string): Files {
  return { "deploy/values.yaml": helmValues(name, version) };
}

/** Where an editor finds the JSON Schema of a file. */
function schemaLine(file: "bellwether" | "jobs"): string {
  return `# yaml-language-server: $schema=../node_modules/bellwether/config/schema/${file}.schema.json\n`;
}

const OWN_LISTENERS = `http: # /livez, /readyz and /metrics
  host: \${HTTP_HOST:-0.0.0.0}
  port: \${HTTP_PORT:-8080}

# The dashboard and the HTTP API. Without tokens they are for this machine alone, and everyone on it is an admin.
admin:
  host: \${ADMIN_HOST:-127.0.0.1} # any other address needs tokens, tokenFile or proxy
  port: \${ADMIN_PORT:-8081} # 0 takes a free one, named in the log
  # A file with a line NAME ROLE TOKEN for each token; roles are viewer, operator and admin:
  # tokenFile: /run/secrets/bellwether-tokens
`;
const EMBEDDED_LISTENERS = `http: false # the service has routes of its own

# The dashboard and the HTTP API, on a port beside the service's; without tokens they are for this machine alone:
# admin: { host: 127.0.0.1, port: "\${ADMIN_PORT:-0}" }
`;

function settings(name: string, listeners: string): string {
  return `${schemaLine("bellwether")}# Where things are. \${NAME:-default} reads the environment. All keys: bellwether schema bellwether
namespace: \${BELLWETHER_NAMESPACE:-${name}} # all keys in Redis sit under it

redis:
  url: \${REDIS_URL:-redis://127.0.0.1:6379}

# Grows with each release of the configuration.
generation: \${BELLWETHER_GENERATION:-0}

queues:
  default: { concurrency: 10 } # runs at a time, for each replica

${listeners}
log:
  level: \${LOG_LEVEL:-info}
`;
}

function jobs(extension: string): string {
  return `${schemaLine("jobs")}# What runs when. After an edit: bellwether check, bellwether next
defaults:
  timezone: UTC

jobs:
  hello:
    every: 10s # or cron: "0 2 * * *", in quotes; or at: [2026-12-24T18:00:00Z]
    handler: hello # jobs/hello${extension}
    data: { name: world }
`;
}

const HELLO = `import { defineHandler } from "bellwether";

// Called at least once for each tick, and again after a failure or the death of a replica: make it idempotent with
// run.id, which is the same each time. run.signal aborts when the work should end.
export default defineHandler(async ({ name }: { name: string }, run) => {
  run.log.info({ tick: run.tick }, \`hello, \${name}\`);
  return { greeted: name };
});
`;

export const SCRIPTS = { start: "bellwether dev", check: "bellwether check", next: "bellwether next" };

function manifest(name: string, spec: string): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=22.18" },
    scripts: SCRIPTS,
    devDependencies: { bellwether: spec },
  };
}

function serviceManifest(name: string, spec: string, template: EmbedTemplate): object {
  const { scripts, dependencies, devDependencies } = template;
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=22.18" },
    scripts,
    dependencies: { bellwether: spec, ...dependencies },
    devDependencies,
  };
}

function dockerfile(version: string): string {
  return `# Bellwether with this project's handlers and configuration: docker build --tag NAME .
ARG BELLWETHER_IMAGE=bellwether-base:${version}
FROM \${BELLWETHER_IMAGE}

COPY package*.json ./
# When handlers have dependencies of their own (and package-lock.json is there):
#   USER 0:0
#   RUN npm ci --omit=dev
#   USER 10001:10001
COPY jobs/ jobs/
# A ConfigMap or a volume mounted at this place takes precedence.
COPY config/ /etc/bellwether/
`;
}

const DOCKER_IGNORE = `# Only what the Dockerfile copies.
*
!config
!jobs
!package.json
!package-lock.json
`;

function helmValues(name: string, version: string): string {
  return `# helm install ${name} node_modules/bellwether/deploy/helm/bellwether --values deploy/values.yaml
# All values: node_modules/bellwether/deploy/helm/bellwether/values.yaml
image:
  repository: registry.example/team/${name} # this project's image, built on bellwether-base:${version}
  tag: latest # a tag of its own for each release is safer
redis:
  existingSecret:
    name: ${name}-redis # kubectl create secret generic ${name}-redis --from-literal=redis-url=redis://…
# The dashboard and the HTTP API. The Secret has a line NAME ROLE TOKEN for each token:
# kubectl create secret generic ${name}-tokens --from-file=tokens
# admin:
#   enabled: true
#   existingSecret: { name: ${name}-tokens }
`;
}

function readme(name: string, version: string): string {
  return `# ${name}

Jobs on [BullMQ](https://docs.bullmq.io), scheduled by Bellwether. \`config/bellwether.yaml\` says where things are,
\`config/jobs.yaml\` what runs when, \`jobs/\` holds the handlers.

    npm install
    npm start                # a private Redis, three replicas, and the address of the dashboard; Ctrl-C stops everything
    npm run check            # every mistake in the configuration and the handlers, at once
    npm run next             # the coming ticks
    npx bellwether run       # one replica, on the Redis of REDIS_URL; start as many as you like

Bellwether is in no package registry: package.json names the file or the checkout that this project was made with. A checkout makes
the image that the Dockerfile begins with:

    docker build --target base --tag bellwether-base:${version} .    # in the checkout

The image, with a Redis that is reached from inside of it:

    docker build --tag ${name} .
    docker run --rm --read-only --env REDIS_URL=redis://redis:6379 ${name}
`;
}

function serviceReadme(name: string): string {
  return `# ${name}

A service whose processes are replicas of Bellwether: together they run the jobs of \`config/jobs.yaml\`, whose handlers are in
\`jobs/\`, each tick once. It needs a Redis: \`REDIS_URL\`, or port 6379 of this machine.

    npm install
    npm run check                # types, configuration and handlers
    npm run next                 # the coming ticks
    PORT=3000 npm start          # start it twice, with another port: one of the two leads
    curl localhost:3000/readyz
    npx bellwether status

The options of \`new Bellwether\` take what the service has already: its logger, its connection, its database pool, its metrics. See
\`node_modules/bellwether/docs/embedding.md\`.
`;
}
