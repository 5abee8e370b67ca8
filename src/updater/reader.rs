//! From the members of an archive to a release: the parser of each feed, and what it makes of it.

use crate::catalog::EditKind;
use crate::catalog::compose::{self, Readings};
use crate::catalog::release::{Release, ReleaseHeader};
use crate::cms::period::stated_quarter;
use crate::cms::problem::Problems;
use crate::cms::recognise::{Kind, kind_of, read as read_file};

use super::refresh::Read;
use super::settings::FeedId;
use super::unpack::Member;

/// Reads the first member that can be read; the others are the same table in other formats.
///
/// # Errors
/// Why none could be read, each member with its reason.
pub fn read(feed: FeedId, members: &[Member], header: ReleaseHeader) -> Result<Read, String> {
    let mut reasons = Vec::new();
    for member in members {
        match read_one(feed, &member.bytes, header.clone()) {
            Ok((release, problems)) => {
                let stated = stated_quarter(&member.bytes);
                return Ok(Read { release, member: member.name.clone(), problems, stated });
            }
            Err(reason) => reasons.push(format!("{}: {reason}", member.name)),
        }
    }
    Err(reasons.join("; "))
}

fn read_one(feed: FeedId, bytes: &[u8], header: ReleaseHeader) -> Result<(Release, Problems), String> {
    let (expected, claims) = match feed {
        FeedId::Hcpcs => (Kind::Codes, None),
        FeedId::AspLimits => (Kind::PaymentLimits, None),
        FeedId::NdcCrosswalk => (Kind::Crosswalk, None),
        FeedId::Mue => (Kind::UnitEdits, Some(EditKind::Practitioner)),
        FeedId::MueOutpatient => (Kind::UnitEdits, Some(EditKind::OutpatientHospital)),
        FeedId::MueDme => (Kind::UnitEdits, Some(EditKind::DmeSupplier)),
        FeedId::AddOnCodes => (Kind::AddOnEdits, None),
    };
    let text = |error: crate::cms::FileError| error.to_string();
    let found = kind_of(bytes).map_err(text)?;
    if found != expected {
        return Err(format!("this is a file of {}, and not of {}", found.title(), expected.title()));
    }
    let file = read_file(bytes).map_err(text)?;
    let release = compose::release(header, claims, &file, &Readings::embedded());
    Ok((release.map_err(|error| error.to_string())?, file.problems().clone()))
}
