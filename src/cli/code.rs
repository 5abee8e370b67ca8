//! `code`: one visit in, both tracks out; or a file of visits, a JSON object a line.

use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::code_stream::{self, Streaming};
use super::formats::{self, ClaimFormat, FormatFlags, InputFormat};
use super::shelf::StoreFlag;
use super::visit_lines::VisitLines;
use super::{PoliciesFlag, print, visit_table};
use crate::policy::PolicyBook;
use crate::report::page;
use crate::server::coder::{Coded, Coder};
use crate::server::{json, pb};

/// What to code, and how to show it.
#[derive(Debug, Args)]
pub struct Flags {
    /// A visit as JSON or as a FHIR Bundle, a file of visits (`.jsonl`), or `-` for standard input.
    file: PathBuf,
    #[arg(long, value_enum, default_value_t = AnswerFormat::Text)]
    format: AnswerFormat,
    /// What the visit is written in.
    #[arg(long, value_enum, default_value_t = InputFormat::Auto)]
    from: InputFormat,
    #[command(flatten)]
    formats: FormatFlags,
    /// How much of the reasons to show.
    #[arg(long, value_enum, default_value_t = AnswerDetail::Full)]
    detail: AnswerDetail,
    #[command(flatten)]
    policies: PoliciesFlag,
    /// Where the answers to a file of visits go; standard output when it is not given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Continue an output that an earlier run left unfinished.
    #[arg(long, requires = "output")]
    resume: bool,
    /// End with exit code 3 when a line of a file of visits was refused.
    #[arg(long)]
    strict: bool,
    /// Cores that code a file of visits; all of them when it is not given.
    #[arg(long, value_name = "COUNT", env = "INFUSION_CODER_WORKERS")]
    workers: Option<NonZero<usize>>,
    /// Read standard input as a file of visits.
    #[arg(long)]
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
    /// A FHIR R4 Claim.
    FhirClaim,
    /// A FHIR R4 Bundle of ChargeItems.
    #[value(alias = "fhir-charge-item")]
    FhirChargeItems,
    /// The service lines of an 837P or an 837I, by the setting of the visit.
    #[value(name = "x12")]
    X12,
    /// The service lines of an 837P.
    #[value(name = "x12-837p")]
    X12Professional,
    /// The service lines of an 837I.
    #[value(name = "x12-837i")]
    X12Institutional,
}

/// How much of the reasons is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnswerDetail {
    /// The lines alone.
    Lines,
    /// The ids of the rules that decided.
    Rules,
    /// Every decision in words, with its facts and sources.
    Full,
}

/// Lines of a file of visits that have an error in the place of their answer.
#[derive(Debug, thiserror::Error)]
#[error("{0} lines were refused; each has its reason in the output")]
pub struct RefusedLines(u64);

impl RefusedLines {
    /// What the program ends with where `--strict` asks for it.
    pub const EXIT_CODE: u8 = 3;
}

/// Codes the visit or the file of visits.
///
/// # Errors
/// A file that cannot be read, or every violation of the request.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let policies = Arc::new(flags.policies.book()?);
    let coder = Coder::on(flags.store.catalog()?, policies.clone());
    let is_lines = flags.lines || flags.file.extension().is_some_and(|extension| extension == "jsonl");
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
    let done = code_stream::run(streaming, || VisitLines::new(coder.clone(), flags.wire_detail()))?;
    if flags.strict && done.refused > 0 { Err(RefusedLines(done.refused).into()) } else { Ok(()) }
}

fn code_one(flags: &Flags, coder: &Coder, policies: &PolicyBook) -> anyhow::Result<()> {
    let text = read(&flags.file)?;
    let coded = if flags.from.is_fhir(&text) {
        let encounter = formats::read_fhir(&text, &flags.formats)?;
        coder.code_foreign(encounter, text.as_bytes(), flags.wire_detail())?
    } else {
        let mut request = request(&text)?;
        request.detail = flags.wire_detail().into();
        coder.code(request)?
    };
    let claim = |format| formats::write_lines(format, &coded.encounter, &coded.result.lines, &flags.formats);
    let shown = match flags.format {
        AnswerFormat::Text => visit_table::render(&coded.response),
        AnswerFormat::Json => serde_json::to_string_pretty(&coded.response)? + "\n",
        AnswerFormat::Html => html(&coded, policies)?,
        AnswerFormat::FhirClaim => claim(ClaimFormat::FhirClaim)?,
        AnswerFormat::FhirChargeItems => claim(ClaimFormat::FhirChargeItems)?,
        AnswerFormat::X12 => claim(ClaimFormat::X12)?,
        AnswerFormat::X12Professional => claim(ClaimFormat::X12Professional)?,
        AnswerFormat::X12Institutional => claim(ClaimFormat::X12Institutional)?,
    };
    match &flags.output {
        Some(path) => {
            std::fs::write(path, shown).with_context(|| format!("{} cannot be written", path.display()))
        }
        None => print(&shown),
    }
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
    const fn wire_detail(&self) -> pb::Detail {
        match self.detail {
            AnswerDetail::Lines => pb::Detail::Lines,
            AnswerDetail::Rules => pb::Detail::Rules,
            AnswerDetail::Full => pb::Detail::Full,
        }
    }
}
