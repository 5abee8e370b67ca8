//! 837 professional and institutional claims, reduced to what an audit needs.
//!
//! Tolerant: loops are recognised by their first segment, unknown segments are passed over, and what
//! cannot be read is reported with its segment while the rest of the claim is kept; of a service line that
//! cannot be read its code is kept, so that nobody takes it for one that was never billed. Names, addresses,
//! birth dates, member and account numbers are never looked at.

use std::fmt;

use crate::domain::billed::{BilledClaim, BilledLine};
use crate::domain::time::{Date, parse_date};

use super::segment::{Delimiters, Segment, segments};
use super::{place, service_line};

/// Why a text is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum X12Error {
    #[error(
        "this is not X12: an interchange starts with ISA, a transaction with ST, bare service lines with LX"
    )]
    NotX12,
    #[error("segment 1 `ISA`: the header ends before it names its delimiters (ISA11 and ISA16)")]
    Header,
    #[error("segment 1 `{first}`: nothing of a transaction (ST) follows; an 837 is expected")]
    NoTransaction { first: &'static str },
    #[error("the file ends within a transaction (no SE follows its ST): it is cut off; get the whole file")]
    CutOff,
    #[error("segment {position} `ST`: transaction {set} is not a health care claim; give an 837")]
    NotAClaim { position: usize, set: String },
    #[error("segment {position} `{segment}`: this is a dental claim (837D); give an 837P or 837I")]
    Dental { position: usize, segment: &'static str },
}

/// Something in the file that was passed over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct X12Problem {
    /// Place of the segment in the file, counted from one.
    pub position: usize,
    pub segment: String,
    pub reason: String,
}

impl fmt::Display for X12Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} `{}`: {}", self.position, self.segment, self.reason)
    }
}

/// The claims of a file, and what of it was not read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadClaims {
    pub claims: Vec<BilledClaim>,
    pub problems: Vec<X12Problem>,
}

/// Reads every claim of an interchange, a transaction, or bare service lines.
///
/// # Errors
/// [`X12Error`] when the text is not X12, or not an 837 professional or institutional claim.
pub fn read_claims(text: &str) -> Result<ReadClaims, X12Error> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // Service lines may come with the value codes that belong to their claim.
    let starts = ["ISA", "GS", "ST", "CLM", "HI", "LX"];
    let first = starts.into_iter().find(|start| text.starts_with(start)).ok_or(X12Error::NotX12)?;
    let mut reader = Reader::default();
    for segment in segments(text, Delimiters::of(text).ok_or(X12Error::Header)?) {
        reader.read(&segment)?;
    }
    reader.end_claim();
    if reader.is_open {
        return Err(X12Error::CutOff);
    }
    reader.check_envelope();
    if matches!(first, "ISA" | "GS") && !reader.in_transaction && reader.read.claims.is_empty() {
        return Err(X12Error::NoTransaction { first });
    }
    Ok(reader.read)
}

/// Characters of a stated count that a problem repeats; no transaction has more segments than this many digits count.
const COUNT_CHARACTERS_SHOWN: usize = 10;

/// The loop the reader is in.
#[derive(Default)]
enum Loop {
    #[default]
    Outside,
    Claim(BilledClaim),
    /// A service line of the claim; nothing once the line was refused and has no code.
    Line(BilledClaim, Option<BilledLine>),
}

#[derive(Default)]
struct Reader {
    read: ReadClaims,
    current: Loop,
    /// A whole transaction was announced, so a line without a claim is a fault and not a fragment.
    in_transaction: bool,
    /// The transaction has not ended.
    is_open: bool,
    /// Where the transaction began.
    began: usize,
    /// The segments that the envelopes still open lack, the outermost first.
    awaited: Vec<&'static str>,
    /// The last segment met, by its place and its name.
    last: (usize, String),
    /// The last drug of the line was refused, so that the quantity behind it is none of the line's.
    is_drug_refused: bool,
}

impl Reader {
    fn read(&mut self, segment: &Segment<'_>) -> Result<(), X12Error> {
        let id = segment.id();
        self.last = (segment.position, id.chars().take(3).collect());
        match id {
            "ISA" => self.awaited = vec!["IEA"],
            "GS" => self.awaited.push("GE"),
            "GE" | "IEA" => self.awaited.retain(|awaited| *awaited != id),
            "ST" => self.transaction(segment)?,
            "SV3" => return Err(X12Error::Dental { position: segment.position, segment: "SV3" }),
            "HL" => self.end_claim(),
            "SE" => {
                self.end_claim();
                self.count(segment);
                self.is_open = false;
            }
            "CLM" => self.claim(segment),
            "LX" => self.line(segment),
            "SV1" | "SV2" => self.service(segment),
            "HI" => self.diagnoses(segment),
            "DTP" => self.date(segment),
            "LIN" => self.drug(segment),
            "NTE" | "CTP" => self.line_detail(segment),
            _ => {}
        }
        Ok(())
    }

    fn transaction(&mut self, segment: &Segment<'_>) -> Result<(), X12Error> {
        self.end_claim();
        (self.in_transaction, self.is_open, self.began) = (true, true, segment.position);
        let position = segment.position;
        match (segment.element(1), segment.element(3)) {
            ("837", guide) if guide.contains("X224") => Err(X12Error::Dental { position, segment: "ST" }),
            ("837", _) => Ok(()),
            (set, _) => Err(X12Error::NotAClaim { position, set: set.chars().take(3).collect() }),
        }
    }

    /// Compares the segments of a transaction with the count at its end: some may have been lost on the way.
    fn count(&mut self, segment: &Segment<'_>) {
        let found = (segment.position + 1).saturating_sub(self.began);
        if self.is_open && segment.element(1).parse() != Ok(found) {
            let stated: String = segment.element(1).chars().take(COUNT_CHARACTERS_SHOWN).collect();
            self.problem(segment, format!("SE01: the transaction should have `{stated}` segments and has {found}: some were lost or added on the way; get the whole file"));
        }
    }

    /// Names the ends of envelopes that the file lacks: claims may have followed.
    fn check_envelope(&mut self) {
        self.awaited.reverse();
        if !self.awaited.is_empty() {
            let (position, segment) = std::mem::take(&mut self.last);
            let ends = self.awaited.join(" and ");
            let reason = format!(
                "the file ends here, without its {ends}: it may be cut off, and claims that followed would be missing; get the whole file"
            );
            self.read.problems.push(X12Problem { position, segment, reason });
        }
    }

    fn claim(&mut self, segment: &Segment<'_>) {
        self.end_claim();
        let (facility, kind) = (segment.component(5, 1), segment.component(5, 2));
        let setting = match kind {
            "A" => place::of_type_of_bill(facility),
            "B" => place::of_place_of_service(facility),
            _ => None,
        };
        if setting.is_none() {
            self.problem(
                segment,
                "CLM05: the setting cannot be told from it; state the setting yourself".into(),
            );
        }
        self.current = Loop::Claim(BilledClaim { setting, ..self.next_claim() });
    }

    fn next_claim(&self) -> BilledClaim {
        BilledClaim { reference: format!("claim {}", self.read.claims.len() + 1), ..BilledClaim::default() }
    }

    fn line(&mut self, segment: &Segment<'_>) {
        self.is_drug_refused = false;
        self.current = match self.end_line() {
            Loop::Outside if self.in_transaction => {
                self.problem(segment, "a service line stands before any claim (CLM)".into());
                Loop::Outside
            }
            Loop::Outside => Loop::Line(self.next_claim(), None),
            Loop::Claim(claim) | Loop::Line(claim, _) => Loop::Line(claim, None),
        };
    }

    fn service(&mut self, segment: &Segment<'_>) {
        // A line without its LX still is a line.
        if matches!(self.current, Loop::Claim(_) | Loop::Line(_, Some(_))) {
            self.line(segment);
        }
        match (service_line::read(segment), &mut self.current) {
            (Ok(read), Loop::Line(_, line)) => *line = Some(read),
            (Ok(_), _) => self.problem(segment, "a service line stands before any claim (CLM)".into()),
            (Err(reason), current) => {
                if let (Loop::Line(_, line), Some(code)) = (current, service_line::code(segment)) {
                    *line = Some(BilledLine::unread(code));
                }
                self.problem(segment, reason);
            }
        }
    }

    fn diagnoses(&mut self, segment: &Segment<'_>) {
        let Loop::Claim(claim) = &mut self.current else { return };
        for element in segment.element_numbers() {
            let code = segment.component(element, 2);
            match segment.component(element, 1) {
                "ABK" | "ABF" => claim.diagnoses.push(with_point(code)),
                "BK" | "BF" => claim.diagnoses.push(code.to_owned()),
                _ => {}
            }
        }
    }

    fn date(&mut self, segment: &Segment<'_>) {
        let qualifier = segment.element(1);
        if !matches!(qualifier, "472" | "434") {
            return;
        }
        let date = first_date(segment.element(3));
        match (&mut self.current, date) {
            (Loop::Claim(claim), Some(date)) => claim.service_date = claim.service_date.or(Some(date)),
            (Loop::Line(claim, Some(line)), Some(date)) => {
                line.service_date = Some(date);
                claim.service_date = claim.service_date.or(Some(date));
            }
            (Loop::Outside | Loop::Line(_, None), _) => {}
            (_, None) => self.problem(segment, "DTP03: this is not a date; give YYYYMMDD".into()),
        }
    }

    /// Reads the drug of a line. The guide gives a line one (loop 2410), and the first one stands.
    fn drug(&mut self, segment: &Segment<'_>) {
        let Loop::Line(_, Some(line)) = &mut self.current else { return };
        let read = match (service_line::read_ndc(segment), line.ndc) {
            (Ok(Some(ndc)), Some(first)) if ndc != first => Err(format!(
                "LIN03: the line has another NDC already ({first}), and a line holds one; give each its own line"
            )),
            (Ok(ndc), first) => {
                line.ndc = first.or(ndc);
                Ok(())
            }
            (Err(reason), _) => Err(reason),
        };
        self.is_drug_refused = read.is_err() && line.ndc.is_some();
        if let Err(reason) = read {
            self.problem(segment, reason);
        }
    }

    fn line_detail(&mut self, segment: &Segment<'_>) {
        let Loop::Line(_, Some(line)) = &mut self.current else { return };
        let read = match segment.id() {
            "NTE" => {
                line.narrative = service_line::some(segment.element(2));
                Ok(())
            }
            _ if self.is_drug_refused => Ok(()),
            _ => service_line::read_ndc_quantity(segment).map(|quantity| line.ndc_quantity = Some(quantity)),
        };
        if let Err(reason) = read {
            self.problem(segment, reason);
        }
    }

    /// Puts a finished line into its claim, and gives the claim back.
    fn end_line(&mut self) -> Loop {
        match std::mem::take(&mut self.current) {
            Loop::Line(mut claim, line) => {
                claim.lines.extend(line);
                Loop::Claim(claim)
            }
            other => other,
        }
    }

    fn end_claim(&mut self) {
        if let Loop::Claim(claim) = self.end_line() {
            self.read.claims.push(claim);
        }
    }

    fn problem(&mut self, segment: &Segment<'_>, reason: String) {
        let segment_id = segment.id().chars().take(3).collect();
        self.read.problems.push(X12Problem { position: segment.position, segment: segment_id, reason });
    }
}

/// The first day of `20251103`, `20251103-20251105` or `202511030800`.
fn first_date(text: &str) -> Option<Date> {
    let digits = text.get(..8).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    parse_date(&format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..])).ok()
}

/// ICD-10 as people write it: claims leave out the point after the third character.
fn with_point(code: &str) -> String {
    match (code.get(..3), code.get(3..)) {
        (Some(category), Some(rest)) if !rest.is_empty() && !code.contains('.') => {
            format!("{category}.{rest}")
        }
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests;
