FROM node:24.11.1-slim AS build
WORKDIR /sundial
COPY . .
RUN npm ci && npm run build
# Only what the service needs at run time.
RUN npm ci --omit=dev --ignore-scripts --workspace apps/quota-service

FROM node:24.11.1-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 SUNDIAL_DATA_DIR=/data
WORKDIR /sundial
COPY --from=build /sundial .
RUN mkdir -m 700 /data && chown node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=2s CMD \
  ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1))"]
# Node itself is process 1: it hears SIGTERM, lets requests in flight finish, and exits within 8 s (`docker stop` kills after 10).
CMD ["node", "--max-semi-space-size=32", "apps/quota-service/dist/bundle/main.js"]
