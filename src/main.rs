//! The `infusion-coder` program.

/// Answers are many small texts, and this allocator made a fifth more of them in a second.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    infusion_coder::cli::main()
}
