# What a person or CI types. Every target honours CARGO_TARGET_DIR; TOOLS is where helper programs live.

.DEFAULT_GOAL := help
.PHONY: help demo test soak prove check fmt clippy doc deny bench mutants

export TOOLS ?= $(CURDIR)/.tools

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Watch a rollout in the box: phases pass, the canary turns bad, the gate shuts
	cargo run --profile demo --locked -p cli --bin tidegate -- demo

test: ## Run all tests, then everything in `check`; this is what CI runs
	cargo test --workspace --locked
	@$(MAKE) --no-print-directory check

soak: ## Run a million random rollouts; ROLLOUTS=… and SEED=… make it fewer, or others
	ROLLOUTS="$${ROLLOUTS:-1000000}" cargo test --release --locked -p tests --test proof random::

check: fmt clippy doc deny ## Hold format, lints, documentation and dependencies to the house rules

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="$${RUSTDOCFLAGS:-} -D warnings" cargo doc --workspace --no-deps --document-private-items --locked

deny:
	.ci/deny

prove: ## Walk the protocol with more workers and phases than `test` does; takes long
	cargo test --profile prove --package tests --features prove --test proof --locked model::prove -- --nocapture

bench: ## Run the benchmarks
	cargo bench --package tests --bench core --locked

mutants: ## Change the core in one place at a time, and see that a test notices; takes an hour
	.ci/mutants
