//! From what CMS published to a release of the catalog.

pub(super) mod brands;
mod codes;
mod edits;
mod payment;
pub mod seed;

pub use codes::hcpcs_release;

use super::add_on_settings::AddOnSettings;
use super::edits::EditKind;
use super::release::{Release, ReleaseHeader, ReleaseKind};
use crate::cms::descriptor::Conventions;
use crate::cms::recognise::{CmsFile, Kind};

/// Why a file cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error("a file of {} is for a person to read, and nothing of it is stored: use --check", .0.title())]
    NotStored(Kind),
    #[error(
        "neither the file nor its name says whose claims the edits are for: \
         keep CMS's name, which has `practitioner`, `outpatient`, `facility` or `dme` in it"
    )]
    Claims,
    #[error("{0} of the edits say nothing of how their units are counted; use the Medicare file")]
    Adjudication(usize),
}

/// Our own tables that say how CMS files are read.
#[derive(Debug, Clone)]
pub struct Readings {
    pub conventions: Conventions,
    pub settings: AddOnSettings,
}

impl Readings {
    /// Those that ship with the program.
    pub fn embedded() -> Self {
        Self { conventions: Conventions::embedded(), settings: AddOnSettings::embedded().clone() }
    }
}

/// The kind of release that a file becomes; `name` is the name that CMS gave it.
///
/// # Errors
/// A kind that is not stored, or edits that do not say whose claims they are for.
pub fn release_kind(file: &CmsFile, name: &str) -> Result<ReleaseKind, ComposeError> {
    Ok(match file {
        CmsFile::Codes(_) => ReleaseKind::Hcpcs,
        CmsFile::PaymentLimits(_) => ReleaseKind::Asp,
        CmsFile::Crosswalk(_) => ReleaseKind::Crosswalk,
        CmsFile::StatusIndicators(_) => ReleaseKind::Opps,
        CmsFile::AddOnEdits(_) => ReleaseKind::AddOnCodes,
        CmsFile::PairEdits(_) => ReleaseKind::Ncci,
        CmsFile::UnitEdits(file) => {
            let told = file.rows.first().and_then(|row| row.kind).or_else(|| claims_of(name));
            match told.ok_or(ComposeError::Claims)? {
                EditKind::Practitioner => ReleaseKind::MuePractitioner,
                EditKind::OutpatientHospital => ReleaseKind::MueOutpatient,
                EditKind::DmeSupplier => ReleaseKind::MueDme,
            }
        }
        CmsFile::Corrections(_) | CmsFile::NocCodes(_) | CmsFile::NocPrices(_) | CmsFile::NocPackages(_) => {
            return Err(ComposeError::NotStored(file.kind()));
        }
    })
}

/// A file as a release. `claims` says whose claims edits are for; without it the name of the source does.
///
/// # Errors
/// A kind that is not stored, or edits that do not say what they are.
pub fn release(
    header: ReleaseHeader,
    claims: Option<EditKind>,
    file: &CmsFile,
    readings: &Readings,
) -> Result<Release, ComposeError> {
    let claims = claims.or_else(|| claims_of(&header.source));
    Ok(match file {
        CmsFile::Codes(file) => hcpcs_release(header, file, &readings.conventions),
        CmsFile::PaymentLimits(file) => payment::limits(header, file),
        CmsFile::Crosswalk(file) => payment::packages(header, file),
        CmsFile::StatusIndicators(file) => payment::statuses(header, file),
        CmsFile::UnitEdits(file) => edits::unit_limits(header, claims, file)?,
        CmsFile::AddOnEdits(file) => edits::add_ons(header, file, &readings.settings),
        CmsFile::PairEdits(file) => edits::pairs(header, claims, file)?,
        CmsFile::Corrections(_) | CmsFile::NocCodes(_) | CmsFile::NocPrices(_) | CmsFile::NocPackages(_) => {
            return Err(ComposeError::NotStored(file.kind()));
        }
    })
}

/// Whose claims a file is for, by the name that CMS gave it.
fn claims_of(name: &str) -> Option<EditKind> {
    let name = name.to_lowercase();
    [
        ("practitioner", EditKind::Practitioner),
        ("ccipra", EditKind::Practitioner),
        ("outpatient", EditKind::OutpatientHospital),
        ("facility", EditKind::OutpatientHospital),
        ("ccioph", EditKind::OutpatientHospital),
        ("dme", EditKind::DmeSupplier),
    ]
    .into_iter()
    .find_map(|(word, kind)| name.contains(word).then_some(kind))
}
