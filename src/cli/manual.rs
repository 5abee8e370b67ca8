//! `completions` and `man`: what a shell and a reader of manuals want, made from the flags themselves.

use clap::Args;
use clap_complete::Shell;

use super::print;

const NAME: &str = "infusion-coder";

/// What no flag says, as sections of the page.
const BESIDE_FLAGS: &str = r#".SH ENVIRONMENT
Every flag is also a variable: \fB\-\-metrics\-listen\fR is \fBINFUSION_CODER_METRICS_LISTEN\fR. A flag wins over a variable,
and a variable over the configuration file. A variable of this form that no flag has is named on standard error.
.TP
\fBINFUSION_CODER_STORE\fR
The folder of the store, of every command.
.TP
\fBINFUSION_CODER_SERVER\fR, \fBINFUSION_CODER_TOKEN\fR, \fBINFUSION_CODER_CA\fR
The service to ask, the token to show it, and the authority that signed its certificate. \fB\-\-store\fR on the command line
goes before them.
.TP
\fBINFUSION_CODER_IDENTITY_LINES\fR
Of \fBserve\fR: lines as in the file of \fB\-\-identities\fR, for secrets that no file should hold.
.TP
\fBXDG_DATA_HOME\fR, \fBHOME\fR
Where the store is when none is named: \fI$XDG_DATA_HOME/infusion\-coder/store\fR or \fI$HOME/.local/share/infusion\-coder/store\fR.
.TP
\fBMIMALLOC_PURGE_DELAY\fR
Of \fBserve\fR: milliseconds after which freed memory is given back; 10 unless it is set.
.SH FILES
.TP
\fIinfusion\-coder.toml\fR
The file of \fBserve \-\-config\fR. Its keys are the names of the flags, and a section stands for the beginning of a name.
.TP
\fISTORE/db\fR
The database of the releases.
.TP
\fISTORE/exports\fR
Every release as a bundle, and the ledger of their order: a back\-up of the store.
.TP
\fISTORE/reports\fR, \fISTORE/history.jsonl\fR
What each refresh changed, and the record of refreshes, roll\-backs and activations.
.TP
\fISTORE/updater.json\fR
How pages and files answered last; it may be lost.
.SH "EXIT STATUS"
.TP
\fB0\fR
Done.
.TP
\fB1\fR
Something could not be done.
.TP
\fB2\fR
The command line, a variable or the configuration file is wrong.
.TP
\fB3\fR
The request is refused, with every violation.
.TP
\fB6\fR
Another process holds the store.
.PP
Those of \fBupdate\fR are in its own section.
"#;

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
    page.push_str(BESIDE_FLAGS);
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
