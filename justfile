# The everyday commands; `just` alone lists them.

default:
    @just --list

# The whole pipeline on the local cloud.
demo:
    cargo run --release -- demo

# Every test.
test:
    cargo test --workspace

# What CI does.
ci:
    .ci/run

# The figures of docs/performance.md.
bench:
    cargo build --release && cargo bench --bench everyday
