//! `replay`: an answer is produced again from its visit and its provenance, and compared byte for byte.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::code_input::read_text;
use super::formats::{self, FormatFlags, InputFormat};
use super::refused::Refused;
use super::shelf::StoreFlag;
use super::{PoliciesFlag, print};
use crate::server::coder::Coder;
use crate::server::refusal::Refusal;
use crate::server::{json, pb, replay};

/// Which answer to produce again.
#[derive(Debug, Args)]
pub struct Flags {
    /// The answer, as `code --format json` wrote it.
    answer: PathBuf,
    /// The visit that was coded.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// What the visit is written in.
    #[arg(long, value_enum, default_value_t = InputFormat::Auto)]
    from: InputFormat,
    #[command(flatten)]
    formats: FormatFlags,
    #[command(flatten)]
    policies: PoliciesFlag,
    #[command(flatten)]
    store: StoreFlag,
}

/// Produces the answer again and compares it with the one given.
///
/// # Errors
/// An answer that rests on other versions than are at hand, or that is not produced again.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let text = read_text(&flags.answer)?;
    let answer: pb::CodeEncounterResponse = json::read(&text).context("the answer cannot be read")?;
    let Some(rests_on) = &answer.provenance else {
        bail!("the answer has no provenance, so nothing tells what it rests on")
    };
    let library = flags.store.held()?;
    let catalog = library.catalog_of(&rests_on.catalog_release).with_context(|| {
        format!(
            "the answer rests on the releases {}: import those that are missing",
            rests_on.catalog_release
        )
    })?;
    let coder = Coder::on(Arc::new(catalog), Arc::new(flags.policies.book()?));
    let input = read_text(&flags.input)?;
    let detail = replay::detail_of(&answer);
    let again = code_again(flags, &coder, &input, detail)?;
    let differing = replay::mismatches(rests_on, again.provenance.as_ref());
    if !differing.is_empty() {
        bail!("the answer cannot be produced again here: {}", differing.join("; "));
    }
    if let Some(at) = replay::difference(&answer, &again) {
        bail!("the visit gives another answer under the same versions; it differs first at `{at}`");
    }
    let is_same_text = serde_json::to_string_pretty(&again)? == text.trim_end();
    let bytes =
        if is_same_text { "byte for byte" } else { "field by field; the file is formatted otherwise" };
    print(&format!(
        "reproduced {bytes}: detail {}, catalog {}, policy {} {}, rules {}, engine {}, input {}\n",
        detail.as_str_name().trim_start_matches("DETAIL_"),
        rests_on.catalog_release,
        rests_on.payer,
        rests_on.policy_version,
        rests_on.rules_version,
        rests_on.engine_version,
        rests_on.input_digest
    ))
}

fn code_again(
    flags: &Flags,
    coder: &Coder,
    input: &str,
    detail: pb::Detail,
) -> anyhow::Result<pb::CodeEncounterResponse> {
    if flags.from.is_fhir(input) {
        let encounter = formats::read_fhir(input, &flags.formats)?;
        return Ok(coder.code_foreign(encounter, input.as_bytes(), detail)?.response);
    }
    let request = json::read_request(input).map_err(|error| Refused::from(Refusal::from(error)));
    let mut request = request.with_context(|| shown(&flags.input))?;
    request.set_detail(detail);
    Ok(coder.code(request).map_err(Refused::from)?.response)
}

fn shown(path: &Path) -> String {
    format!("{} is not a visit", path.display())
}
