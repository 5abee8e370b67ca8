//! `code`: one visit in, both tracks out; or a file of visits, a JSON object a line.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::code_input::{self, Given, Lines};
use super::code_stream::{self, Streaming};
use super::formats::{self, ClaimFormat, FormatFlags, InputFormat};
use super::refused::{Refused, withheld};
use super::remote::{Remote, ServerFlag};
use super::shelf::StoreFlag;
use super::visit_lines::VisitLines;
use super::visit_table::Shown;
use super::{PoliciesFlag, print, visit_reasons};
use crate::catalog::Catalog;
use crate::policy::PolicyBook;
use crate::report::page::{self, PageDetail};
use crate::server::coder::{Coded, Coder};
use crate::server::refusal::Refusal;
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
    /// Write a claim format although lines are withheld or a question is open; each is a warning then.
    #[arg(long)]
    partial: bool,
    /// How much of the reasons to show; text shows the rules, and everything only when `full` is asked for.
    #[arg(long, value_enum)]
    detail: Option<AnswerDetail>,
    #[command(flatten)]
    server: ServerFlag,
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
    #[arg(long, value_name = "COUNT")]
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
pub enum AnswerDetail {
    /// The lines alone.
    Lines,
    /// The ids of the rules that decided.
    Rules,
    /// Every decision in words, with its facts and sources.
    Full,
}

/// Lines of a file of visits that have an error in the place of their answer.
#[derive(Debug, thiserror::Error)]
#[error("{0} lines were refused; the reason of each was told")]
pub struct RefusedLines(pub u64);

/// Codes the visit or the file of visits.
///
/// # Errors
/// A file that cannot be read, or every violation of the request.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    if let Some(remote) = flags.server.connect()? {
        return code_there(flags, &remote);
    }
    let policies = Arc::new(flags.policies.book()?);
    let coder = Coder::on(flags.store.catalog()?, policies.clone());
    match code_input::open(&flags.file, flags.lines)? {
        Given::Lines(lines) => code_lines(flags, &coder, lines),
        Given::Visit(text) => code_one(flags, &coder, &policies, &text),
    }
}

fn code_lines(flags: &Flags, coder: &Coder, lines: Lines) -> anyhow::Result<()> {
    if !matches!(flags.format, AnswerFormat::Text | AnswerFormat::Json) {
        bail!("several visits are answered as JSON, one a line: leave --format out, or give one visit");
    }
    let streaming = Streaming {
        input: Some(flags.file.as_path()).filter(|file| file.as_os_str() != "-"),
        output: flags.output.as_deref(),
        resume: flags.resume,
        workers: flags.workers.map_or_else(available_cores, NonZero::get),
    };
    let foreign = (flags.from == InputFormat::Fhir).then_some(&flags.formats);
    let stated = flags.formats.stated();
    let coder = || VisitLines::new(coder.clone(), flags.wire_detail(), stated, foreign);
    let done = code_stream::run(streaming, lines, coder)?;
    if flags.strict && done.refused > 0 { Err(RefusedLines(done.refused).into()) } else { Ok(()) }
}

fn code_one(flags: &Flags, coder: &Coder, policies: &PolicyBook, text: &str) -> anyhow::Result<()> {
    let (given, coded) = if flags.from.is_fhir(text) {
        let encounter = formats::read_fhir(text, &flags.formats)?;
        if flags.formats.setting.is_some_and(|setting| setting != encounter.setting) {
            tell!("warning: the FHIR visit tells another setting than --setting, which is not used");
        }
        let coded = coder.code_foreign(encounter, text.as_bytes(), flags.wire_detail());
        (None, coded.map_err(Refused::from)?)
    } else {
        let request = flags.request(text)?;
        (request.encounter.clone(), coder.code(request).map_err(Refused::from)?)
    };
    let claim = |format| {
        let lines = &coded.result.lines;
        Refused::uncoded(&coded.encounter, lines)?;
        if flags.partial {
            for told in withheld(&coded.response) {
                tell!("warning: {}: {}", told.field, told.description);
            }
        } else {
            Refused::incomplete(&coded.response)?;
        }
        let written = formats::write_lines(format, &coded.encounter, lines, &flags.formats)?;
        formats::unwritten(format, lines).iter().for_each(|told| tell!("warning: {told}"));
        anyhow::Ok(written)
    };
    let shown = match flags.format {
        AnswerFormat::Text => {
            let date = coded.encounter.service_date.to_string();
            let shown = Shown::visit(given.as_ref(), &coded.response);
            let shown = if given.is_none() { shown.dated(&date) } else { shown };
            shown.render() + &flags.reasons(&coded.response)
        }
        AnswerFormat::Json => serde_json::to_string_pretty(&coded.response)? + "\n",
        AnswerFormat::Html => html(&coded, policies, &*coder.catalog()?, flags.page_detail())?,
        AnswerFormat::FhirClaim => claim(ClaimFormat::FhirClaim)?,
        AnswerFormat::FhirChargeItems => claim(ClaimFormat::FhirChargeItems)?,
        AnswerFormat::X12 => claim(ClaimFormat::X12)?,
        AnswerFormat::X12Professional => claim(ClaimFormat::X12Professional)?,
        AnswerFormat::X12Institutional => claim(ClaimFormat::X12Institutional)?,
    };
    flags.show(&shown)
}

/// Asks a running service; its answer is shown as one that was found here.
fn code_there(flags: &Flags, remote: &Remote) -> anyhow::Result<()> {
    let Given::Visit(text) = code_input::open(&flags.file, flags.lines)? else {
        bail!("a file of visits is coded here, on every core: leave --server out");
    };
    if flags.from.is_fhir(&text) {
        bail!("a FHIR visit is read here: leave --server out");
    }
    let request = flags.request(&text)?;
    let encounter = request.encounter.clone();
    match flags.format {
        AnswerFormat::Text => flags.show(&Shown::visit(encounter.as_ref(), &remote.code(request)?).render()),
        AnswerFormat::Json => flags.show(&(serde_json::to_string_pretty(&remote.code(request)?)? + "\n")),
        _ => bail!("a service answers in text and json; other formats are written here: leave --server out"),
    }
}

fn html(
    coded: &Coded,
    policies: &PolicyBook,
    catalog: &Catalog,
    detail: PageDetail,
) -> anyhow::Result<String> {
    let encounter = &coded.encounter;
    let Some(policy) = policies.at(encounter.service_date, &coded.result.provenance.payer) else {
        bail!("no policy file is left for payer `{}`", coded.result.provenance.payer)
    };
    Ok(page::visit_page(encounter, &coded.result, policy, policies.citations(), catalog, detail)?)
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

impl Flags {
    fn wire_detail(&self) -> pb::Detail {
        self.detail.unwrap_or(AnswerDetail::Full).to_wire()
    }

    fn page_detail(&self) -> PageDetail {
        match self.detail {
            Some(AnswerDetail::Lines) => PageDetail::Lines,
            Some(AnswerDetail::Rules) => PageDetail::Rules,
            Some(AnswerDetail::Full) | None => PageDetail::Full,
        }
    }

    /// The reasons under the tables, where they are asked for.
    fn reasons(&self, answer: &pb::CodeEncounterResponse) -> String {
        if self.detail == Some(AnswerDetail::Full) { visit_reasons::render(answer) } else { String::new() }
    }

    fn request(&self, text: &str) -> anyhow::Result<pb::CodeEncounterRequest> {
        formats::refuse_foreign(text)?;
        if text.trim_start().starts_with('[') {
            let why =
                "is no visit but a list of other things, or of none: give one visit, or a list of visits";
            return Err(Refused::from(Refusal::invalid("encounter", why)).into());
        }
        let mut request = json::read_request(text).map_err(|error| Refused::from(Refusal::from(error)))?;
        self.formats.stated().fill(&mut request)?;
        request.detail = self.wire_detail().into();
        Ok(request)
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
