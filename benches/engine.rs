//! What coding one visit costs: `cargo bench --bench engine`.
//!
//! The visit has six administrations and six drugs with a complete record; the answer carries its full trail.
//! Allocations are counted by `cargo bench --bench engine_allocations`, because counting takes time.

mod visit;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}
