# No syntax line on purpose: it builds without fetching a front end, with BuildKit and with the classic builder.
# Four stages, so that a change of the sources compiles again and installs nothing.

FROM node:22-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages too, for the compiler is one; no scripts, for only native TensorFlow has any, and it does not stay.
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier

FROM packages AS production
# Source maps, type declarations and builds for browsers are most of TensorFlow.js, and nothing reads them here.
# Of the optional packages, native TensorFlow goes; the database's binary, which is one too, stays, for this C library.
# Arrow, which carries eight builds of itself, is in the bundle. Piscina needs @napi-rs only to change a thread's priority.
RUN npm pkg delete optionalDependencies \
  && npm prune --ignore-scripts --omit=dev --no-audit --no-fund --no-update-notifier \
  && rm -rf node_modules/@libsql/*-musl node_modules/apache-arrow node_modules/@napi-rs \
  && find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name 'tf-*.min.js' -o -name 'tf-*.es2017.js' \) -delete

FROM packages AS build
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run --silent build && find dist -name '*.map' -delete

FROM node:22-bookworm-slim
ENV NODE_ENV=production
# The default of the C library, but fixed: by itself it rises to 32 MiB, and then the memory of large bodies is never given back.
ENV MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /app
# A volume made from here belongs to the service's user; a directory bound in its place must too.
RUN mkdir models && chown 1000:1000 models
COPY --from=production /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY data ./data
COPY --from=build /app/dist/app ./dist/app
# The base image's user `node`, as a number: Kubernetes cannot tell that a name is not root's.
USER 1000:1000
VOLUME /app/models
# A container's own loopback address reaches nobody. So who may use the service must be decided: it exits unless AUTH is set.
# Health checks have a port and a thread of their own. Load balancers get time to notice that a container is about to stop.
ENV HOST=0.0.0.0 HEALTH_PORT=8081 SHUTDOWN_DELAY=5
EXPOSE 8080 8081
# Ready, not merely alive: what waits for the service waits for a model. A first training may take the start period.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5m --retries=3 \
  CMD ["node", "-e", "const { HOST, PORT, HEALTH_PORT } = process.env; require('node:http').get({ host: HOST || '127.0.0.1', port: Number(HEALTH_PORT) || PORT || 8080, path: '/readyz' }, (reply) => process.exit(reply.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "dist/app/main.js"]
