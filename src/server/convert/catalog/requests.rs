//! What is asked of the catalog, with every violation at once.

use crate::catalog::list::ListFilter;
use crate::catalog::record::{CodeFlag, CodeFlags};
use crate::catalog::{Catalog, Lookup};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;
use crate::server::convert::violations::{Path, Violations};
use crate::server::limits::RequestLimits;
use crate::server::pb;

/// The date of service asked for; the newest versions, as they stand today, where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    pub service: Option<Date>,
    pub today: Date,
}

impl AsOf {
    /// What the catalog says of a code.
    pub fn lookup(self, catalog: &Catalog, code: HcpcsCode) -> Lookup<'_> {
        match self.service {
            Some(date) => catalog.lookup(code, date),
            None => catalog.newest(code, self.today),
        }
    }

    /// The date of service, or today.
    pub fn date(self) -> Date {
        self.service.unwrap_or(self.today)
    }
}

/// Reads the date of service.
///
/// # Errors
/// A text that is no date.
pub fn as_of(date_of_service: &str, today: Date) -> Result<AsOf, Violations> {
    let mut violations = Violations::default();
    let service = violations.date(&Path::Root.field("dateOfService"), date_of_service);
    violations.into_result(AsOf { service, today })
}

/// Reads a code and the date of service.
///
/// # Errors
/// A text that is no code or no date.
pub fn code(request: &pb::GetCodeRequest, today: Date) -> Result<(HcpcsCode, AsOf), Violations> {
    let mut violations = Violations::default();
    let code = violations.take(&Path::Root.field("code"), parse(&request.code));
    let service = violations.date(&Path::Root.field("dateOfService"), &request.date_of_service);
    let unread = HcpcsCode::of("00000");
    violations.into_result((code.unwrap_or(unread), AsOf { service, today }))
}

/// Reads the codes of a batch and the date of service.
///
/// # Errors
/// Texts that are no codes, too many of them, or no date.
pub fn batch(
    request: pb::BatchGetCodesRequest,
    today: Date,
    limits: &RequestLimits,
) -> Result<(Vec<HcpcsCode>, AsOf), Violations> {
    let mut violations = Violations::default();
    let codes = violations.at_most(&Path::Root.field("codes"), &request.codes, limits.batch_items());
    let codes = codes.iter().enumerate();
    let codes = codes
        .filter_map(|(index, text)| violations.take(&Path::Root.item("codes", index), parse(text)))
        .collect();
    let service = violations.date(&Path::Root.field("dateOfService"), &request.date_of_service);
    violations.into_result((codes, AsOf { service, today }))
}

/// Reads which codes to list.
///
/// # Errors
/// Every condition that cannot be read.
pub fn list_filter(filter: Option<&pb::CodeFilter>) -> Result<ListFilter, Violations> {
    let Some(filter) = filter else { return Ok(ListFilter::default()) };
    let mut violations = Violations::default();
    let at = Path::Root.field("filter");
    let flags = filter.flags.iter().enumerate();
    let flags: Vec<CodeFlag> =
        flags.filter_map(|(index, flag)| violations.choice(&at.item("flags", index), *flag)).collect();
    let prefix = filter.code_prefix.trim().to_uppercase();
    if prefix.len() > 5 || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        violations.add(&at.field("codePrefix"), "is no beginning of a code: give one such as Q51");
    }
    let read = ListFilter {
        prefix,
        in_force_on: violations.date(&at.field("inForceOn"), &filter.in_force_on),
        flags: flags.into_iter().fold(CodeFlags::NONE, CodeFlags::with),
        class: violations.choice(&at.field("drugClass"), filter.drug_class),
        has_billing_unit: filter.has_billing_unit,
    };
    violations.into_result(read)
}

fn parse(text: &str) -> Result<HcpcsCode, crate::domain::code::CodeError> {
    text.trim().to_uppercase().parse()
}
