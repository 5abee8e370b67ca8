//! The `infusion-coder` program.

fn main() -> std::process::ExitCode {
    infusion_coder::cli::main()
}
