//! `audit`: billed lines against what the record supports, for one claim or a file of claims.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::code::RefusedLines;
use super::code_input::{self, Given};
use super::refused::Refused;
use super::shelf::StoreFlag;
use super::{PoliciesFlag, audit_table, print};
use crate::audit::summary::Summary;
use crate::domain::billed::BilledClaim;
use crate::interop::x12;
use crate::policy::parameters::AuditParameters;
use crate::report::audit_page::{self, Difference};
use crate::report::audit_summary::summarize;
use crate::server::coder::{Audited, Coder};
use crate::server::json::WireEnum;
use crate::server::refusal::Refusal;
use crate::server::{json, pb};

/// What to audit, and how to show it.
#[derive(Debug, Args)]
pub struct Flags {
    /// A claim as JSON (`encounter`, `billedLines`, `coderId`), a file of claims (`.jsonl`), or `-` for
    /// standard input.
    file: PathBuf,
    /// An 837 file with the billed lines, in place of those of FILE: its first claim belongs to the first
    /// visit, and so on. FILE may then hold visits alone.
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = AuditFormat::Text, env = "INFUSION_CODER_FORMAT")]
    format: AuditFormat,
    /// End with exit code 3 when a claim of a file was refused.
    #[arg(long)]
    strict: bool,
    /// Where the answer goes; standard output when it is not given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draws the sample for quality review; the same seed draws the same visits.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, env = "INFUSION_CODER_SEED")]
    seed: u64,
    /// Read standard input as a file of claims.
    #[arg(long)]
    lines: bool,
    #[command(flatten)]
    policies: PoliciesFlag,
    #[command(flatten)]
    store: StoreFlag,
}

/// How the audit is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuditFormat {
    /// Tables for a terminal.
    Text,
    /// The answer to one claim, or the summary of a file.
    Json,
    /// The answer to each claim on a line of its own.
    Jsonl,
    /// A row a difference.
    Csv,
    /// One self-contained page with charts.
    Html,
}

/// Audits the claim or the file of claims.
///
/// # Errors
/// A file that cannot be read; for one claim every violation of it.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let coder = Coder::on(flags.store.catalog()?, Arc::new(flags.policies.book()?));
    let mut billed = flags.claims.as_deref().map(claims).transpose()?.map(Vec::into_iter);
    let mut next = || billed.as_mut().map(|claims| claims.next().context(TOO_FEW_CLAIMS)).transpose();
    let (refused, shown) = match code_input::open(&flags.file, flags.lines)? {
        Given::Lines(lines) => {
            let mut audits = Audits::new(coder, flags, true);
            for (number, text) in (1..).zip(BufReader::new(lines.reader).lines()) {
                let text = text.with_context(|| format!("line {number} cannot be read"))?;
                if text.trim().is_empty() {
                    continue;
                }
                match audits.audited(&text, next()?, pb::Detail::Lines) {
                    Ok(audited) => audits.add(audited)?,
                    Err(error) => audits.refuse(number, error)?,
                }
            }
            (audits.summary.refused, audits.shown()?)
        }
        Given::Visit(text) => {
            let mut audits = Audits::new(coder, flags, false);
            let audited = audits.audited(&text, next()?, pb::Detail::Full).map_err(Refused::from)?;
            audits.add(audited)?;
            (0, audits.shown()?)
        }
    };
    if billed.is_some_and(|claims| claims.len() > 0) {
        bail!(
            "the 837 file has more claims than there are visits: give the visits in the order of the claims"
        );
    }
    write(flags, &shown)?;
    if flags.strict && refused > 0 { Err(RefusedLines(refused).into()) } else { Ok(()) }
}

const TOO_FEW_CLAIMS: &str = "the 837 file has fewer claims than there are visits";

/// The audits of a run, as far as the format needs them.
struct Audits {
    coder: Coder,
    format: AuditFormat,
    is_file: bool,
    seed: u64,
    summary: Summary,
    differences: Vec<Difference>,
    /// Whole answers, for the formats that print them.
    text: String,
    thresholds: Option<Arc<AuditParameters>>,
    footer: String,
}

impl Audits {
    fn new(coder: Coder, flags: &Flags, is_file: bool) -> Self {
        Self {
            coder,
            format: flags.format,
            is_file,
            seed: flags.seed,
            summary: Summary::default(),
            differences: Vec::new(),
            text: String::new(),
            thresholds: None,
            footer: String::new(),
        }
    }

    fn audited(
        &self,
        text: &str,
        claim: Option<BilledClaim>,
        detail: pb::Detail,
    ) -> Result<Audited, Refusal> {
        let mut request: pb::AuditClaimRequest = match claim {
            Some(_) if !holds_encounter(text) => visit_alone(text)?,
            _ => json::read_claim(text)?,
        };
        if request.detail() == pb::Detail::Unspecified {
            request.set_detail(detail);
        }
        match claim {
            None => self.coder.audit(request),
            Some(claim) if request.billed_lines.is_empty() => self.coder.audit_lines(request, claim.lines),
            Some(_) => {
                Err(Refusal::invalid("billedLines", "is given beside the 837 file: leave one of them out"))
            }
        }
    }

    fn add(&mut self, audited: Audited) -> anyhow::Result<()> {
        let Audited { encounter, coder, audit, response } = audited;
        if self.thresholds.is_none() {
            self.thresholds = Some(self.coder.policy(&encounter)?.0.audit.clone());
            self.footer = footer(&response);
        }
        self.summary.count(&encounter, &coder, &audit);
        match self.format {
            AuditFormat::Jsonl => self.text += &(serde_json::to_string(&response)? + "\n"),
            AuditFormat::Csv => self.text += &audit_table::csv_rows(&response, &audit, &coder)?,
            AuditFormat::Text if !self.is_file => self.text = audit_table::claim(&response, &audit),
            AuditFormat::Json if !self.is_file => self.text = serde_json::to_string_pretty(&response)? + "\n",
            AuditFormat::Html => self.differences.extend(differences(&response, &coder)),
            AuditFormat::Text | AuditFormat::Json => {}
        }
        Ok(())
    }

    /// Tells of a claim that cannot be audited; where every claim has a line of its own, its error stands there.
    fn refuse(&mut self, line: usize, refusal: Refusal) -> anyhow::Result<()> {
        self.summary.refused += 1;
        tell!("line {line}: {refusal}");
        if self.format == AuditFormat::Jsonl {
            self.text += &(serde_json::to_string(&Refused::from(refusal))? + "\n");
        }
        Ok(())
    }

    fn shown(self) -> anyhow::Result<String> {
        match self.format {
            AuditFormat::Jsonl => return Ok(self.text),
            AuditFormat::Csv => return Ok(audit_table::csv_header() + &self.text),
            AuditFormat::Text | AuditFormat::Json if !self.is_file => return Ok(self.text),
            _ => {}
        }
        let Some(thresholds) = &self.thresholds else { bail!("no claim of the file could be read") };
        let summary = summarize(&self.summary, thresholds, self.seed);
        Ok(match self.format {
            AuditFormat::Json => serde_json::to_string_pretty(&summary)? + "\n",
            AuditFormat::Html => audit_page::audit_page(&summary, &self.differences, &self.footer)?,
            _ => audit_table::summary(&summary),
        })
    }
}

fn footer(response: &pb::AuditClaimResponse) -> String {
    let rests_on = response.provenance.clone().unwrap_or_default();
    format!(
        "Catalog {} · policy {} {} · rules {} · engine {}. The same file under the same versions gives this page again.",
        rests_on.catalog_release,
        rests_on.payer,
        rests_on.policy_version,
        rests_on.rules_version,
        rests_on.engine_version
    )
}

fn differences<'a>(
    response: &'a pb::AuditClaimResponse,
    coder: &'a str,
) -> impl Iterator<Item = Difference> + 'a {
    response.discrepancies.iter().map(move |found| Difference {
        encounter_id: response.encounter_id.clone(),
        coder: coder.to_owned(),
        kind: pb::DiscrepancyKind::short_name(found.kind).unwrap_or_default(),
        rule_id: found.rule_id.clone(),
        dollars: found.dollars.clone(),
        text: found.text.clone(),
    })
}

/// Whether a text is a claim, which holds its visit under `encounter`, and not the visit itself.
fn holds_encounter(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        encounter: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str::<Head>(text).is_ok_and(|head| head.encounter.is_some())
}

fn visit_alone(text: &str) -> Result<pb::AuditClaimRequest, Refusal> {
    let pb::CodeEncounterRequest { encounter, detail } = json::read_request(text)?;
    Ok(pb::AuditClaimRequest { encounter, detail, ..pb::AuditClaimRequest::default() })
}

/// The claims of an 837 file; what could not be read of it is told.
fn claims(file: &Path) -> anyhow::Result<Vec<BilledClaim>> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    // An 837 is no UTF-8 by its standard: a name in it may be written in Latin-1, each byte a character.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    let read = x12::read_claims(&text).with_context(|| file.display().to_string())?;
    for problem in &read.problems {
        tell!("{}: {problem}", file.display());
    }
    Ok(read.claims)
}

fn write(flags: &Flags, shown: &str) -> anyhow::Result<()> {
    match &flags.output {
        Some(path) => {
            std::fs::write(path, shown).with_context(|| format!("{} cannot be written", path.display()))
        }
        None => print(shown),
    }
}
