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

/** What makes jobs of a package. */
export function jobFiles(name: string, extension: ".ts" | ".mts"): Files {
  return {
    "config/bellwether.yaml": settings(name),
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

function settings(name: string): string {
  return `${schemaLine("bellwether")}# Where things are. \${NAME:-default} reads the environment. All keys: bellwether schema bellwether
namespace: \${BELLWETHER_NAMESPACE:-${name}} # all keys in Redis sit under it

redis:
  url: \${REDIS_URL:-redis://127.0.0.1:6379}

# Grows with each release of the configuration.
generation: \${BELLWETHER_GENERATION:-0}

queues:
  default: { concurrency: 10 } # runs at a time, for each replica

http: # /livez, /readyz and /metrics
  host: \${HTTP_HOST:-0.0.0.0}
  port: \${HTTP_PORT:-8080}

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
export default defineHandler<{ name: string }>(async ({ name }, run) => {
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
`;
}

function readme(name: string, version: string): string {
  return `# ${name}

Jobs on [BullMQ](https://docs.bullmq.io), scheduled by Bellwether. \`config/bellwether.yaml\` says where things are,
\`config/jobs.yaml\` what runs when, \`jobs/\` holds the handlers.

    npm install
    npm start                # a private Redis and three replicas; Ctrl-C stops everything
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
