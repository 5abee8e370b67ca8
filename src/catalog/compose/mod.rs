//! From what CMS published to a release of the catalog.

mod brands;
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
use crate::domain::quarter::Quarter;

/// Why a file cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error("a file of {0} is for a person to read, and nothing of it is stored: use --check")]
    NotStored(&'static str),
    #[error(
        "neither the file nor its name says whose claims the edits are for: \
         keep CMS's name, which has `practitioner`, `outpatient`, `facility` or `dme` in it"
    )]
    Claims,
    #[error("{0} of the edits say nothing of how their units are counted; use the Medicare file")]
    Adjudication(usize),
}

/// Where a release comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    pub quarter: Quarter,
    /// Name of the file.
    pub name: &'a str,
    /// SHA-256 of the posted file, in hexadecimal.
    pub sha256: &'a str,
}

/// Our own tables that say how CMS files are read.
#[derive(Debug, Clone)]
pub struct Readings {
    pub conventions: Conventions,
    pub settings: AddOnSettings,
}

/// A file as a release.
///
/// # Errors
/// A kind that is not stored, or edits that do not say what they are.
pub fn release(origin: Origin<'_>, file: &CmsFile, readings: &Readings) -> Result<Release, ComposeError> {
    let header = |kind| ReleaseHeader::new(kind, origin.quarter, origin.name, origin.sha256);
    Ok(match file {
        CmsFile::Codes(file) => hcpcs_release(header(ReleaseKind::Hcpcs), file, &readings.conventions),
        CmsFile::PaymentLimits(file) => payment::limits(header(ReleaseKind::Asp), file),
        CmsFile::Crosswalk(file) => payment::packages(header(ReleaseKind::Asp), file),
        CmsFile::StatusIndicators(file) => payment::statuses(header(ReleaseKind::Opps), file),
        CmsFile::UnitEdits(file) => edits::unit_limits(header(ReleaseKind::Ncci), file)?,
        CmsFile::AddOnEdits(file) => edits::add_ons(header(ReleaseKind::Ncci), file, &readings.settings),
        CmsFile::PairEdits(file) => edits::pairs(header(ReleaseKind::Ncci), file)?,
        CmsFile::Corrections(_) | CmsFile::NocCodes(_) | CmsFile::NocPrices(_) | CmsFile::NocPackages(_) => {
            return Err(ComposeError::NotStored(Kind::title(file.kind())));
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
