# SPDX-License-Identifier: Apache-2.0
# The face of the project: every job is one word. "make help" lists them.

# The last line of "make check" is the count, also under make -C.
MAKEFLAGS += --no-print-directory

SECONDS ?= 60
DESTDIR ?=
PREFIX ?= /usr

.PHONY: help deps build-deps build demo check test smoke peers check-vm fuzz lint format coverage bench docs install deb clean
.DEFAULT_GOAL := build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages that building, tests and demonstration need
	@tools/deps

build-deps:
	@tools/deps build

RELEASE = build/release --buildtype=release -Db_lto=true
PROGRAMS = src/cli/slicegate src/controller/slicegate-controller src/gateway/slicegate-gateway src/sim/slicegate-sim manuals

build: build-deps ## the programs, a release build in build/release
	@tools/build $(RELEASE) -- $(PROGRAMS)

demo: deps ## a whole Slicegate in network namespaces: order, attach, traffic (ONCE=1 ends by itself)
	@$(MAKE) build
	@lab/demo

check: deps ## build with ASan and UBSan, run every test; the last line is the count
	@tools/check

test: build-deps ## unit tests only
	@tools/check unit

smoke: deps ## netns stories only
	@tools/check smoke

peers: deps ## real LNSs and SGSNs only
	@tools/check peers

check-vm: deps ## what needs Debian's own kernel (6.1), in a QEMU guest
	@tools/check vm

fuzz: build-deps ## each fuzz target for SECONDS=60
	@tools/fuzz $(SECONDS)

lint: build-deps ## format, include direction, lengths, cppcheck, clang-tidy
	@tools/lint

format: ## clang-format over everything
	@tools/format

coverage: deps ## line coverage of the unit tests, by file
	@tools/coverage

bench: deps ## attach rate, memory per session, packet cost
	@tools/build $(RELEASE)
	@tests/bench/run

docs: build ## regenerate docs/reference from the programs
	@tools/docs build/release

install: build ## into $(DESTDIR)$(PREFIX)
	@tools/install build/release "$(DESTDIR)" "$(PREFIX)"

deb: build ## build/slicegate_VERSION_ARCH.deb
	@tools/deps package
	@packaging/deb build/release

clean:
	rm -rf build
