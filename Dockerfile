# Two images. The last stage runs by itself, with the configuration and the jobs of this repository; what is mounted at
# /etc/bellwether and /project/jobs takes precedence. The stage `base` has neither: build yours on it (docs/deploying.md,
# `bellwether init`).
#
#   docker build --tag bellwether .                        docker run --env REDIS_URL=redis://… bellwether
#   docker build --target base --tag bellwether-base .
#
# Behind a private package registry: docker build --secret id=npmrc,src="$HOME/.npmrc" --tag bellwether .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional is only a native add-on (msgpackr-extract), which nothing here needs.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM ${NODE_IMAGE} AS base
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Bellwether" \
      org.opencontainers.image.description="Cron for replicated Node.js workers, on BullMQ" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
COPY package.json LICENSE /app/
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# So that `docker exec POD bellwether status` works.
RUN ln -s /app/dist/main.js /usr/local/bin/bellwether
# Handlers are looked for in jobs/ below this folder, the configuration in /etc/bellwether. Bellwether writes nothing, so the
# root file system can be read-only.
WORKDIR /project
# Numeric, so that Kubernetes can see that it is not root. No user of that number has to exist.
USER 10001:10001
EXPOSE 8080
# No shell in between, and no init needed: the process takes SIGTERM as PID 1, also while it starts.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run", "--config", "/etc/bellwether"]

FROM base
COPY config/ /etc/bellwether/
COPY jobs/ jobs/
# The example jobs write here, also where the root file system is read-only.
USER 0:0
RUN install --directory --owner=10001 --group=10001 data
USER 10001:10001
VOLUME /project/data
