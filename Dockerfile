# The image of Bellwether: the command, its production dependencies and a Node.js. Configuration and handlers are yours:
# mount them, or build an image on this one (docs/deploying.md, `bellwether init`).
#
#   docker build --tag bellwether .
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

FROM ${NODE_IMAGE}
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
# Handlers are looked for in jobs/ below this folder, the configuration in /etc/bellwether. Nothing is written, so the root
# file system can be read-only.
WORKDIR /project
# Numeric, so that Kubernetes can see that it is not root. No user of that number has to exist.
USER 10001:10001
EXPOSE 8080
# No shell in between: signals reach the process, which stops in order on SIGTERM.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run", "--config", "/etc/bellwether"]
