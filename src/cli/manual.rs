//! `completions` and `man`: what a shell and a reader of manuals want, made from the flags themselves.

use clap::Args;
use clap_complete::Shell;

use super::print;

const NAME: &str = "infusion-coder";

/// Which shell.
#[derive(Debug, Args)]
pub struct CompletionsFlags {
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions of a shell.
///
/// # Errors
/// An output that cannot be written.
pub fn completions(flags: &CompletionsFlags) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut super::command(), NAME, &mut script);
    // clap_complete writes the hyphen of the program's name in two ways, so that no subcommand is found (clap-rs/clap#6421).
    print(&String::from_utf8(script)?.replace("infusion__subcmd__coder", "infusion__coder"))
}

/// Prints the manual page: the program's own, then each subcommand's.
///
/// # Errors
/// An output that cannot be written.
pub fn page() -> anyhow::Result<()> {
    let mut command = super::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    let mut page = String::from_utf8(page)?;
    for subcommand in command.get_subcommands().filter(|subcommand| has_section(subcommand)) {
        // Subcommands are sections of this page, where clap_mangen would send the reader to pages of their own.
        let of_its_own = format!("infusion\\-coder\\-{}(1)", subcommand.get_name());
        page = page.replace(&of_its_own, &format!("infusion\\-coder {}", subcommand.get_name()));
        let mut section = Vec::new();
        clap_mangen::Man::new(subcommand.clone()).render(&mut section)?;
        page.push_str(&String::from_utf8(section)?);
    }
    print(&page)
}

/// Whether the page tells of a subcommand; `help` says what the page says.
fn has_section(subcommand: &clap::Command) -> bool {
    !subcommand.is_hide_set() && subcommand.get_name() != "help"
}
