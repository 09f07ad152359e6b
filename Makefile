# What a person or CI types. Every target honours CARGO_TARGET_DIR; TOOLS is where helper programs live.

.DEFAULT_GOAL := help
.PHONY: help demo tools test e2e browser soak prove check fmt clippy doc deny infra package deploy bench mutants

export TOOLS ?= $(CURDIR)/.tools

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Watch a rollout in the box: phases pass, the canary turns bad, the gate shuts
	cargo run --profile demo --locked -p cli --no-default-features --bin tidegate -- demo

tools: ## Install what the tests need beside Rust; once, and quickly skipped
	@tests/bed/install

test: tools ## Run all tests, and everything in `check`; this is what CI runs
	cargo test --workspace --locked
	@tests/browser/install
	@# The one mostly waits, the other mostly works.
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target e2e browser check

e2e: tools ## Put the stack up on emulated AWS, and see rollouts end as they should; takes a quarter of an hour
	@tests/browser/install
	cargo test --workspace --locked --test e2e

browser: ## Look at the pages in headless Chromium: by keyboard, without scripts, on a phone, with axe
	@tests/browser/install
	cargo test --workspace --locked --test browser

soak: ## Run a million random rollouts; ROLLOUTS=… and SEED=… make it fewer, or others
	ROLLOUTS="$${ROLLOUTS:-1000000}" cargo test --release --locked -p tests --test proof random::

check: fmt clippy doc deny infra ## Hold format, lints, documentation, dependencies and infra/ to the house rules

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@# What does not run by itself is no target of all.
	cargo clippy --workspace --locked --test e2e --test browser -- -D warnings

doc:
	RUSTDOCFLAGS="$${RUSTDOCFLAGS:-} -D warnings" cargo doc --workspace --no-deps --document-private-items --locked

deny:
	.ci/deny

infra:
	.ci/infra

package: ## Build the functions' zips for Lambda into target/package; ARCH=x86_64 or arm64 builds one kind
	.ci/package $(ARCH)

deploy: ## Put the stack up in the account of your AWS credentials; Terraform shows its plan and asks first
	.ci/deploy

prove: ## Walk the protocol with more workers and phases than `test` does; takes long
	cargo test --profile prove --package tests --features prove --test proof --locked model::prove -- --nocapture

bench: ## Run the benchmarks: the core, `alarm` beside the same in Python and Node, sweeps of many rollouts
	@tests/bench/install
	cargo bench --package tests --bench core --bench functions --locked

mutants: ## Change the core in one place at a time, and see that a test notices; takes an hour
	.ci/mutants
