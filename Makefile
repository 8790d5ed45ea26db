# kubehop: `make demo` shows it, `make test` proves it. Each recipe sets up what it needs.
# Needed before: Rust by rustup, Node 20 or later, Python 3.10 or later, make.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
# dev builds in seconds and checks overflows; `make python PROFILE=release` is what is published.
PROFILE ?= dev
VENV := .venv/bin
SHOP := docs-site/examples/shop
STEP := tests/step.sh
# Prints the command and runs it; bad news (exit status 1) is an answer too.
DEMO := ask() { echo; echo "==> kubehop $$*"; $(VENV)/kubehop "$$@" || test $$? = 1; }; ask
# Optimised without the minutes of whole-program optimisation.
QUICK := env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
NPM := npm ci --no-audit --no-fund --loglevel error

.PHONY: demo test check wasm python site bench surface target chromium
.NOTPARALLEL:

demo: python ## Ask about the example shop: what is wrong, what connects, what does not and why
	@$(DEMO) check $(SHOP)
	@$(DEMO) trace $(SHOP) --from web/storefront --to http://catalog.shop
	@$(DEMO) trace $(SHOP) --from shop/checkout --to svc/payments.shop:443

test: target chromium python wasm tests/consumers/node_modules docs-site/node_modules ## Everything that CI runs
	@rm -rf target/results
	@$(STEP) Rust "formatting" cargo fmt --all --check
	@$(STEP) Rust "lints" cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	@$(STEP) Rust "tests of core, the corpus, the architecture" cargo test --locked --no-fail-fast
	@if [ -d ../shared/conformance ] || [ "$${CI:-}" = true ]; then $(STEP) Rust "conformance" $(QUICK) cargo run --locked --quiet --release -p kubehop-conformance; else echo "conformance: skipped, its cases are not part of this repository"; fi
	@$(STEP) Rust "types of the bindings are those of core" git diff --exit-code -- bindings-wasm/npm/src bindings-python/python
	@$(STEP) WASM "core alone, as a bare module" cargo build --locked --quiet --profile wasm-release --target wasm32-unknown-unknown -p kubehop-purity
	@$(STEP) WASM "the package: entry points, types, size" npm --prefix bindings-wasm/npm run --silent verify
	@CHROMIUM="$$(tests/chromium.sh)" $(STEP) WASM "the packed package in Node, bundlers and a browser" npm --prefix tests/consumers test --silent
	@$(STEP) Python "the wheel: records, command, corpus, notebooks, types" bash bindings-python/test.sh
	@CHROMIUM="$$(tests/chromium.sh)" $(STEP) docs-site "pages and playground in a browser" npm --prefix docs-site test --silent
	@node tests/summary.mjs

check: ## The quick loop: formatting, lints, tests of core
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked

surface: ## Types and methods of the bindings, from core's questions and answers
	cargo run --locked --quiet -p kubehop-surface

wasm: target surface bindings-wasm/npm/node_modules ## The npm package, in bindings-wasm/npm/dist
	npm --prefix bindings-wasm/npm run --silent build

python: surface .venv/ready ## The wheel, in target/wheels, and installed in .venv
	rm -rf target/wheels
	$(VENV)/maturin build --locked --quiet --profile $(PROFILE) --manifest-path bindings-python/Cargo.toml --out target/wheels
	$(VENV)/pip install --quiet --force-reinstall --no-deps target/wheels/*.whl

site: wasm docs-site/node_modules ## The documentation site, in docs-site/site/dist
	npm --prefix docs-site run --silent build

bench: wasm ## Speed in Rust and in Node, with the command for each
	cargo run --locked --quiet --release -p kubehop-conformance --example load_speed
	cargo run --locked --quiet --release -p kubehop-conformance --example service_speed
	node bindings-wasm/npm/bench.mjs

target:
	@rustup target list --installed | grep -q wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

chromium:
	@echo "Chromium: $$(tests/chromium.sh)"

.venv/ready: bindings-python/requirements.txt
	$(PYTHON) -m venv .venv
	$(VENV)/pip install --quiet --requirement bindings-python/requirements.txt
	@touch $@

%/node_modules: %/package-lock.json
	cd $* && $(NPM)
	@touch $@
