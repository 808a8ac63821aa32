# No syntax line on purpose: it builds without fetching a front end, with BuildKit and with the classic builder.
# The packages, the sources and what is left of the system are stages of their own, so that a change of the sources compiles again and
# installs nothing.

# Debian with Node.js and npm. Pin what you have checked: --build-arg NODE_IMAGE=node:22-bookworm-slim@sha256:… (docs/security.md).
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages ./packages

FROM packages AS production
# Without the packages that only build or test: what is bundled is one of them. With TensorFlow.js, which packages/tensorflow lists.
# Source maps, type declarations and builds for browsers are most of TensorFlow.js, and nothing reads them here.
# Of the database's binaries, the one for this C library stays. Piscina needs @napi-rs only to change a thread's priority.
RUN npm ci --workspaces --include-workspace-root --omit=dev --no-audit --no-fund --no-update-notifier \
  && rm -rf node_modules/@libsql/*-musl node_modules/@napi-rs \
  && find node_modules -maxdepth 1 -type l -delete \
  && find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name 'tf-*.min.js' -o -name 'tf-*.es2017.js' \) -delete

FROM packages AS build
# .npmrc lets no package run scripts.
RUN npm ci --no-audit --no-fund --no-update-notifier
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run --silent build && find dist -name '*.map' -delete

# What is in the image, and under which licences: the build fails at one that is not in the list.
FROM build AS bill
COPY --from=production /app/node_modules /shipped/node_modules
RUN node scripts/build/sbom.mjs --installed=/shipped >/shipped/sbom.cdx.json \
  && node scripts/build/licences.mjs --texts --installed=/shipped >/shipped/THIRD-PARTY-LICENCES.txt

FROM production AS system
COPY scripts/build/system-root.mjs /
RUN node /system-root.mjs /system node_modules/@libsql/*/index.node && mkdir /empty

# Node.js and the libraries that it needs: without a shell, npm and a package manager, an intruder finds no tools.
FROM scratch
COPY --from=system /system /
ENV PATH=/usr/local/bin NODE_ENV=production
# The default of the C library, but fixed: by itself it rises to 32 MiB, and then the memory of large bodies is never given back.
ENV MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /app
# A volume made from here belongs to the service's user; a directory bound in its place must too.
COPY --from=system --chown=1000:1000 /empty ./models
COPY --from=system --chown=1000:1000 /empty ./audit
# For keys that a command of the image makes. No volume of its own: keys are kept only where that has been asked for.
COPY --from=system --chown=1000:1000 /empty ./keys
COPY --from=production /app/node_modules ./node_modules
COPY --from=bill /shipped/sbom.cdx.json /shipped/THIRD-PARTY-LICENCES.txt ./
COPY package.json LICENSE ./
COPY data ./data
COPY --from=build /app/dist/app ./dist/app
# The user `node`, as a number: Kubernetes refuses a name, which could be another one for root.
USER 1000:1000
VOLUME /app/models /app/audit
# A container's own loopback address reaches nobody. So who may use the service must be decided: it exits unless AUTH is set.
# Health checks have a port and a thread of their own. Load balancers get time to notice that a container is about to stop.
ENV HOST=0.0.0.0 HEALTH_PORT=8081 SHUTDOWN_DELAY=5
# A volume that is not mounted must not be answered by a model of cars.
ENV TRAIN_DATA=
EXPOSE 8080 8081
# Ready, not merely alive: what waits for the service waits for a model. A first training may take the start period.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5m --retries=3 CMD ["node", "dist/app/health-check.js"]
# SIGUSR1 opens no inspector.
ENTRYPOINT ["node", "--disable-sigusr1", "dist/app/main.js"]
