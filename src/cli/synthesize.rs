//! `synthesize`: visits made by a seed, for benchmarks, trials and tests; with claims, and mistakes in them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::audit::Pattern;
use crate::catalog::Catalog;
use crate::config;
use crate::server::coder::Coder;
use crate::server::pb;
use crate::synthetic::{self, Made, Recipe};

/// What to make.
#[derive(Debug, Args)]
pub struct Flags {
    /// How many visits.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    visits: u64,
    /// The same seed makes the same visits.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Add the lines that were billed, all of them right.
    #[arg(long)]
    claims: bool,
    /// Put one mistake into the claims of so many visits in a hundred.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, default_missing_value = "100",
          value_parser = clap::value_parser!(u64).range(..=100))]
    errors: Option<u64>,
    /// Where to write which mistake each claim has, and what an audit must find.
    #[arg(long, value_name = "FILE", requires = "errors")]
    answers: Option<PathBuf>,
    /// Where the visits go, a JSON object a line; standard output when it is not given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Makes the visits.
///
/// # Errors
/// A file that cannot be written.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let mut output: Box<dyn Write> = match &flags.output {
        Some(path) => Box::new(create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    match made(flags, &mut output) {
        // Whoever reads our output has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        done => done.with_context(|| match &flags.output {
            Some(path) => format!("the visits cannot be written to {}", path.display()),
            None => "the visits cannot be written".to_owned(),
        }),
    }
}

fn made(flags: &Flags, output: &mut dyn Write) -> anyhow::Result<()> {
    let recipe = Recipe { seed: flags.seed, mistakes_percent: flags.errors.unwrap_or_default() };
    if !flags.claims && flags.errors.is_none() {
        for number in 0..flags.visits {
            let encounter = Some(synthetic::visit(recipe, number));
            write(output, &pb::CodeEncounterRequest { encounter, ..pb::CodeEncounterRequest::default() })?;
        }
        return Ok(output.flush()?);
    }
    // The claims are those of the embedded catalog, so that a seed makes them alike everywhere.
    let coder = Coder::on(Catalog::embedded(), Arc::new(config::policy_book(None)?));
    let mut answers = flags.answers.as_deref().map(create).transpose()?;
    for number in 0..flags.visits {
        let made = synthetic::claim(recipe, number, &coder)?;
        write(output, &made.request)?;
        if let Some(answers) = &mut answers {
            write(answers, &answer(&made))?;
        }
    }
    if let Some(mut answers) = answers {
        answers.flush()?;
    }
    Ok(output.flush()?)
}

/// What is wrong with a made claim, and what an audit must find.
fn answer(made: &Made) -> serde_json::Value {
    let name = |pattern: Option<Pattern>| pattern.map(Pattern::as_str);
    let found = made
        .expected
        .differences
        .iter()
        .map(|(kind, pattern)| json!({"kind": kind.as_str(), "pattern": name(*pattern)}));
    json!({
        "encounterId": made.request.encounter.as_ref().map(|encounter| encounter.encounter_id.as_str()),
        "mistake": made.mistake.map(|mistake| format!("{mistake:?}")),
        "differences": found.collect::<Vec<_>>(),
        "mayRepeat": made.expected.may_repeat,
        "patternOfRecord": name(made.expected.of_record),
    })
}

fn write(output: &mut dyn Write, line: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    Ok(output.write_all(b"\n")?)
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(BufWriter::new(file))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let own = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let of_json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    own.or(of_json) == Some(io::ErrorKind::BrokenPipe)
}
