# The front door. What it does is in CMakePresets.json and tools/; here are only the short names.

JOBS := $(shell nproc 2>/dev/null || echo 2)
story := 010-zip-disk

# The tools that make and judge disk images live where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/sbin:/sbin

# configure-and-build PRESET [TARGET]
define build
@cmake --preset $(1) --log-level=WARNING >/dev/null
@cmake --build --preset $(1) --parallel $(JOBS) $(if $(2),--target $(2))
endef

# test PRESET FOLDER; ctest speaks last
define test
@ctest --preset $(1) --parallel $(JOBS) --output-junit $(CURDIR)/$(2)/junit.xml
endef

.PHONY: build run test asan tsan bench fuzz lint format docs coverage clean help packages

build: ## build everything into build/ (this is what plain `make` does)
	$(call build,release)

run: packages ## play the paper's story on a real disk image and say where to look
	$(call build,release,biotope)
	@build/biotope run scenarios/$(story).lua --out out/$(story)

test: packages ## build and run all tests
	$(call build,release)
	$(call test,release,build)

asan: packages ## all tests under the address and undefined-behaviour sanitizers
	$(call build,asan)
	$(call test,asan,build-asan)

tsan: packages ## all tests under the thread sanitizer
	$(call build,tsan)
	$(call test,tsan,build-tsan)

bench: packages ## measure; prints a table and writes bench.json
	$(call build,release)
	@bench/run build

fuzz: packages ## 60 s of mutated inputs for each parser, under sanitizers (FUZZ_SECONDS=n)
	@tools/install-packages fuzz
	$(call build,fuzz,fuzzers)
	@tools/fuzz build-fuzz $(or $(FUZZ_SECONDS),60)

lint: ## formatting, clang-tidy on changed files, house rules, Lua
	@tools/install-packages lint
	@cmake --preset lint --log-level=WARNING >/dev/null
	@tools/lint build-lint $(JOBS)

format: ## lay out all C++ sources as lint wants them
	@tools/install-packages lint
	@git ls-files --cached --others --exclude-standard -z -- '*.cc' '*.h' | xargs -0 -r clang-format -i

docs: ## check that every link in the documentation leads somewhere
	@tools/check-links

coverage: ## which lines the tests reach, as build-coverage/index.html
	@tools/install-packages coverage
	$(call build,coverage)
	$(call test,coverage,build-coverage)
	@gcovr --root . --exclude '.*_test\.cc' --html-details build-coverage/index.html \
	  --print-summary build-coverage

clean: ## remove all that was built or played
	@rm -rf build build-* out

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

packages:
	@tools/install-packages
