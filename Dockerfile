# One static binary on a distroless base. The chat page is part of it: no Node is needed here.
FROM golang:1.26-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOFLAGS=-trimpath GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -ldflags "-s -w -X chatroom/internal/config.version=${VERSION}" -o /out/chatroom .

FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=dev
LABEL org.opencontainers.image.title="ChatRoom" \
      org.opencontainers.image.description="Chat server with a delivery promise: acknowledged means everyone in the room sees it, once, in one order" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/chatroom /chatroom
USER 65532:65532
ENV LISTEN_ADDR=:8080 ADMIN_LISTEN_ADDR=:8081 LOG_FORMAT=json
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/chatroom", "healthcheck"]
ENTRYPOINT ["/chatroom"]
