//! `code`: one visit in, both tracks out; or a file of visits, a JSON object a line.

use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::code_stream::{self, Streaming};
use super::refused::Refused;
use super::remote::{Remote, ServerFlag};
use super::shelf::StoreFlag;
use super::visit_lines::VisitLines;
use super::visit_table::Shown;
use super::{PoliciesFlag, print};
use crate::policy::PolicyBook;
use crate::report::page;
use crate::server::coder::{Coded, Coder};
use crate::server::{json, pb};

/// What to code, and how to show it.
#[derive(Debug, Args)]
pub struct Flags {
    /// A visit as JSON, a file of visits (`.jsonl`), or `-` for standard input.
    file: PathBuf,
    #[arg(long, value_enum, default_value_t = AnswerFormat::Text, env = "INFUSION_CODER_FORMAT")]
    format: AnswerFormat,
    /// How much of the reasons to show.
    #[arg(long, value_enum, default_value_t = AnswerDetail::Full, env = "INFUSION_CODER_DETAIL")]
    detail: AnswerDetail,
    #[command(flatten)]
    server: ServerFlag,
    #[command(flatten)]
    policies: PoliciesFlag,
    /// Where the answers to a file of visits go; standard output when it is not given.
    #[arg(short, long, value_name = "FILE", env = "INFUSION_CODER_OUTPUT")]
    output: Option<PathBuf>,
    /// Continue an output that an earlier run left unfinished.
    #[arg(long, requires = "output", env = "INFUSION_CODER_RESUME")]
    resume: bool,
    /// Cores that code a file of visits; all of them when it is not given.
    #[arg(long, value_name = "COUNT", env = "INFUSION_CODER_WORKERS")]
    workers: Option<NonZero<usize>>,
    /// Read standard input as a file of visits.
    #[arg(long, env = "INFUSION_CODER_LINES")]
    lines: bool,
    #[command(flatten)]
    store: StoreFlag,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnswerFormat {
    /// Tables for a terminal.
    Text,
    Json,
    /// One self-contained page with the visit's timeline.
    Html,
}

/// How much of the reasons is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerDetail {
    /// The lines alone.
    Lines,
    /// The ids of the rules that decided.
    Rules,
    /// Every decision in words, with its facts and sources.
    Full,
}

/// Codes the visit or the file of visits.
///
/// # Errors
/// A file that cannot be read, or every violation of the request.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let is_lines = flags.lines || flags.file.extension().is_some_and(|extension| extension == "jsonl");
    if let Some(remote) = flags.server.connect()? {
        if is_lines {
            bail!("a file of visits is coded here, on every core: leave --server out");
        }
        return code_there(flags, &remote);
    }
    let policies = Arc::new(flags.policies.book()?);
    let coder = Coder::on(flags.store.catalog()?, policies.clone());
    if is_lines { code_lines(flags, &coder) } else { code_one(flags, &coder, &policies) }
}

fn code_lines(flags: &Flags, coder: &Coder) -> anyhow::Result<()> {
    let workers = flags.workers.map_or_else(available_cores, NonZero::get);
    let streaming = Streaming {
        input: Some(flags.file.as_path()).filter(|file| !is_standard_input(file)),
        output: flags.output.as_deref(),
        resume: flags.resume,
        workers,
    };
    code_stream::run(streaming, || VisitLines::new(coder.clone(), flags.detail.to_wire()))?;
    Ok(())
}

fn code_one(flags: &Flags, coder: &Coder, policies: &PolicyBook) -> anyhow::Result<()> {
    let request = flags.request()?;
    let encounter = request.encounter.clone();
    let coded = coder.code(request).map_err(Refused::from)?;
    match flags.format {
        AnswerFormat::Html => flags.show(&html(&coded, policies)?),
        _ => flags.show(&flags.shown(encounter.as_ref(), &coded.response)?),
    }
}

/// Asks a running service; its answer is shown as one that was found here.
fn code_there(flags: &Flags, remote: &Remote) -> anyhow::Result<()> {
    if flags.format == AnswerFormat::Html {
        bail!("the page is made where the visit is coded: leave --server out, or ask for text or json");
    }
    let request = flags.request()?;
    let encounter = request.encounter.clone();
    let answer = remote.code(request)?;
    flags.show(&flags.shown(encounter.as_ref(), &answer)?)
}

fn html(coded: &Coded, policies: &PolicyBook) -> anyhow::Result<String> {
    let encounter = &coded.encounter;
    let Some(policy) = policies.at(encounter.service_date, &coded.result.provenance.payer) else {
        bail!("no policy file is left for payer `{}`", coded.result.provenance.payer)
    };
    Ok(page::visit_page(encounter, &coded.result, policy, policies.citations())?)
}

/// The file's visit, alone or in a request.
fn request(text: &str) -> anyhow::Result<pb::CodeEncounterRequest> {
    // A request holds the visit under `encounter`; a bare visit has no field of that name.
    let is_wrapped = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text)
        .is_ok_and(|fields| fields.contains_key("encounter"));
    if is_wrapped {
        return Ok(json::read(text)?);
    }
    let encounter: pb::Encounter = json::read(text)?;
    Ok(pb::CodeEncounterRequest { encounter: Some(encounter), ..pb::CodeEncounterRequest::default() })
}

fn read(file: &Path) -> anyhow::Result<String> {
    if is_standard_input(file) {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

impl Flags {
    fn request(&self) -> anyhow::Result<pb::CodeEncounterRequest> {
        let mut request = request(&read(&self.file)?)?;
        request.detail = self.detail.to_wire().into();
        Ok(request)
    }

    fn shown(
        &self,
        encounter: Option<&pb::Encounter>,
        answer: &pb::CodeEncounterResponse,
    ) -> anyhow::Result<String> {
        Ok(match self.format {
            AnswerFormat::Json => serde_json::to_string_pretty(answer)? + "\n",
            _ => Shown::visit(encounter, answer).render(),
        })
    }

    fn show(&self, shown: &str) -> anyhow::Result<()> {
        match &self.output {
            Some(path) => {
                std::fs::write(path, shown).with_context(|| format!("{} cannot be written", path.display()))
            }
            None => print(shown),
        }
    }
}

impl AnswerDetail {
    /// The detail of a request.
    pub const fn to_wire(self) -> pb::Detail {
        match self {
            Self::Lines => pb::Detail::Lines,
            Self::Rules => pb::Detail::Rules,
            Self::Full => pb::Detail::Full,
        }
    }
}
