/** The files of a new project, by path. `name` is good for a package and for a namespace. */
export function projectFiles(name: string, version: string): Readonly<Record<string, string>> {
  return {
    "config/bellwether.yaml": settings(name),
    "config/jobs.yaml": JOBS,
    "jobs/hello.ts": HELLO,
    "package.json": `${JSON.stringify(manifest(name, version), null, 2)}\n`,
    Dockerfile: dockerfile(version),
    ".dockerignore": DOCKER_IGNORE,
    ".gitignore": "node_modules/\n",
    "README.md": readme(name, version),
  };
}

function settings(name: string): string {
  return `# Where things are. \${NAME:-default} reads the environment. All keys: bellwether schema bellwether
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

const JOBS = `# What runs when. After an edit: bellwether check, bellwether next
defaults:
  timezone: UTC

jobs:
  hello:
    every: 10s # or cron: "0 2 * * *", in quotes; or at: [2026-12-24T18:00:00Z]
    handler: hello # jobs/hello.ts
    data: { name: world }
`;

const HELLO = `import { defineHandler } from "bellwether";

// Called at least once for each tick, and again after a failure or the death of a replica: make it idempotent with
// run.id, which is the same each time. run.signal aborts when the work should end.
export default defineHandler<{ name: string }>(async ({ name }, run) => {
  run.log.info({ tick: run.tick }, \`hello, \${name}\`);
  return { greeted: name };
});
`;

function manifest(name: string, version: string): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=22.18" },
    scripts: { start: "bellwether dev", check: "bellwether check", next: "bellwether next" },
    devDependencies: { bellwether: `^${version}` },
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

function readme(name: string, version: string): string {
  return `# ${name}

Jobs on [BullMQ](https://docs.bullmq.io), scheduled by Bellwether. \`config/bellwether.yaml\` says where things are,
\`config/jobs.yaml\` what runs when, \`jobs/\` holds the handlers.

Bellwether is in no package registry. A checkout of it makes the package, and the image that the Dockerfile begins with:

    npm ci && npm pack                                                # in the checkout
    docker build --target base --tag bellwether-base:${version} .          # in the checkout
    npm install --save-dev ~/bellwether/bellwether-${version}.tgz         # here; then also npx bellwether

    bellwether dev      # a private Redis and three replicas; Ctrl-C stops everything
    bellwether check    # every mistake in the configuration and the handlers, at once
    bellwether next     # the coming ticks
    bellwether run      # one replica, on the Redis of REDIS_URL; start as many as you like

The image, with a Redis that is reached from inside of it:

    docker build --tag ${name} .
    docker run --rm --read-only --env REDIS_URL=redis://redis:6379 ${name}
`;
}
