# The verbs of the project. CI runs `make test`; everything it does can be done by hand.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X chatroom/internal/config.version=$(VERSION)

# How long each fuzz target runs in `make fuzz`.
FUZZTIME ?= 30s
# bench: one scenario instead of all; a server that runs already instead of an own one; anything else
# that `bin/chatroom-bench --help` lists.
SCENARIO ?=
URL      ?=
BENCH    ?=
# chaos: what the nemesis follows, and for how long.
SEED     ?= 1
DURATION ?= 1m

# Where Debian keeps nginx and other servers, for users whose PATH lacks it.
export PATH := $(PATH):/usr/sbin:/sbin

.PHONY: help run build test install lint race allocations fuzz bench bench-peers bench-nginx chaos web up test-browser-all test-images cert clean

run: build
	bin/chatroom

# The verbs, in the order of this file.
help:
	@grep -o '^[a-z][a-z-]*:' Makefile | tr -d :

# One static file each. -trimpath: the same sources give the same bytes anywhere.
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/chatroom .
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/chatroom-bench ./bench

test: install lint race allocations

install:
	.ci/install

lint:
	.ci/lint

# -p 1: the tests start real servers and a browser; two packages at once on two cores would measure
# each other. What they import is compiled with all cores first.
race:
	$(GO) build -race ./...
	$(GO) test -race -vet=off -p 1 -timeout 10m ./...

# Tests that count allocations do so without the race detector, which allocates itself.
allocations:
	$(GO) test -p 1 -run 'Alloc' $$(grep -rl --include='*_test.go' '^//go:build !race' . | grep -v node_modules | xargs -n1 dirname | sort -u)

fuzz:
	.ci/fuzz $(FUZZTIME)

REPORT := --json bench-report/result.json --html bench-report/report.html

bench: build
	mkdir -p bench-report
	bin/chatroom-bench $(REPORT) $(if $(URL),--url $(URL)) $(BENCH) $(SCENARIO)

# The peers have modules of their own: nothing of them is in go.mod or in the page.
bench-peers: build
	mkdir -p bench-report
	npm --prefix bench/peers ci --no-audit --no-fund
	cd bench/peers && $(GO) build -o bin/peer .
	bin/chatroom-bench $(REPORT) --peers bench/peers $(BENCH) $(SCENARIO)

# What nginx costs: latency beside a node's own, and memory with 15,000 connections.
bench-nginx:
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 10m ./deploy/nginx

chaos: build
	$(GO) build -o bin/chatroom-chaos ./internal/chaos/cmd
	bin/chatroom-chaos -binary bin/chatroom -seed $(SEED) -duration $(DURATION)

# Bundles the TypeScript sources into web/dist, which is committed.
web:
	npm --prefix web ci --no-audit --no-fund
	$(GO) run ./web/build

up:
	docker compose up --build

# The page in every language, theme and width; make test plays each flow in one of them.
# MATRIX='Matrix/ar-dark-390' plays one combination only.
test-browser-all: install
	BROWSERS=all $(GO) test -v -count=1 -timeout 4h -run "$(or $(MATRIX),Matrix)" ./web/e2e

# The images as docker compose builds and starts them; installs a Docker engine of its own with apt.
test-images:
	deploy/test-images

# A self-signed pair to try HTTPS with.
cert:
	mkdir -p deploy/tls
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout deploy/tls/key.pem -out deploy/tls/cert.pem

clean:
	rm -rf bin
