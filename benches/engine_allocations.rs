//! How often coding one visit allocates: `cargo bench --bench engine_allocations`.

mod visit;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    let (lines, steps) = visit::size();
    println!("{lines} lines and {steps} steps");
    divan::main();
}
