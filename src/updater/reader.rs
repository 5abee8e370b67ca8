//! From the members of an archive to a release: the parser of each feed, and what it makes of it.

use crate::catalog::EditKind;
use crate::catalog::compose::{crosswalk_release, hcpcs_release, limits_release, unit_limits_release};
use crate::catalog::release::{Release, ReleaseHeader};
use crate::cms::descriptor::Conventions;
use crate::cms::{asp, hcpcs, mue, ndc_crosswalk};

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
            Ok((release, problems)) => return Ok(Read { release, member: member.name.clone(), problems }),
            Err(reason) => reasons.push(format!("{}: {reason}", member.name)),
        }
    }
    Err(reasons.join("; "))
}

fn read_one(feed: FeedId, bytes: &[u8], header: ReleaseHeader) -> Result<(Release, usize), String> {
    let text = |error: crate::cms::FileError| error.to_string();
    let unit_limits = |kind, header| {
        let parsed = mue::parse(bytes).map_err(text)?;
        Ok((unit_limits_release(header, kind, &parsed), parsed.problems.count()))
    };
    match feed {
        FeedId::Hcpcs => {
            let parsed = hcpcs::parse(bytes).map_err(text)?;
            let problems = parsed.problems.count();
            Ok((hcpcs_release(header, &parsed, &Conventions::embedded()), problems))
        }
        FeedId::AspLimits => {
            let parsed = asp::parse(bytes).map_err(text)?;
            Ok((limits_release(header, &parsed), parsed.problems.count()))
        }
        FeedId::NdcCrosswalk => {
            let parsed = ndc_crosswalk::parse(bytes).map_err(text)?;
            Ok((crosswalk_release(header, &parsed), parsed.problems.count()))
        }
        FeedId::Mue => unit_limits(EditKind::Practitioner, header),
        FeedId::MueOutpatient => unit_limits(EditKind::OutpatientHospital, header),
        FeedId::MueDme => unit_limits(EditKind::DmeSupplier, header),
        FeedId::AddOnCodes => Err("no parser of add-on codes is built in".to_owned()),
    }
}
