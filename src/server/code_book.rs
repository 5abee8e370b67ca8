//! Answers about codes, without any transport.

use std::sync::Arc;

use super::convert::catalog::{self, AsOf};
use super::convert::{Path, Violations};
use super::limits::RequestLimits;
use super::paging::{self, Cursor};
use super::pb;
use super::refusal::Refusal;
use crate::catalog::Catalog;
use crate::catalog::diff::compare_releases;
use crate::catalog::list::NdcReading;
use crate::catalog::store::{Library, StoreError};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// What the catalog answers. A request takes the snapshot once, so a swap never splits an answer.
#[derive(Debug, Clone)]
pub struct CodeBook {
    library: Arc<Library>,
    limits: RequestLimits,
}

impl CodeBook {
    /// Answers from what a library holds.
    pub fn new(library: Arc<Library>) -> Self {
        Self { library, limits: RequestLimits::default() }
    }

    /// The same book under other limits of a request.
    #[must_use]
    pub fn under(self, limits: RequestLimits) -> Self {
        Self { limits, ..self }
    }

    fn catalog(&self) -> Result<Arc<Catalog>, Refusal> {
        self.library.catalog().ok_or(Refusal::NoCatalog)
    }

    /// What a code means on a date of service.
    ///
    /// # Errors
    /// No code, no date, or a code that no release knows.
    pub fn code(&self, request: &pb::GetCodeRequest) -> Result<pb::CodeVersion, Refusal> {
        let catalog = self.catalog()?;
        let (code, as_of) = catalog::code(request, today())?;
        let found = catalog::code_version(&catalog, as_of.lookup(&catalog, code), as_of.date());
        found.ok_or_else(|| Refusal::UnknownCode(code.to_string()))
    }

    /// What several codes mean on one date of service.
    ///
    /// # Errors
    /// Texts that are no codes, or no date.
    pub fn codes(&self, request: pb::BatchGetCodesRequest) -> Result<pb::BatchGetCodesResponse, Refusal> {
        let catalog = self.catalog()?;
        let (codes, as_of) = catalog::batch(request, today(), &self.limits)?;
        let mut response = pb::BatchGetCodesResponse::default();
        for code in codes {
            match catalog::code_version(&catalog, as_of.lookup(&catalog, code), as_of.date()) {
                Some(version) => response.code_versions.push(version),
                None => response.unknown_codes.push(code.to_string()),
            }
        }
        Ok(response)
    }

    /// A page of codes.
    ///
    /// # Errors
    /// A filter that cannot be read, or a token of another list.
    pub fn list(&self, request: &pb::ListCodesRequest) -> Result<pb::ListCodesResponse, Refusal> {
        let (catalog, today) = (self.catalog()?, today());
        let filter = catalog::list_filter(request.filter.as_ref())?;
        let cursor = Cursor::of(&filter);
        let after: Option<HcpcsCode> = cursor.open(&request.page_token)?;
        let size = paging::CODES.of(request.page_size);
        let page = catalog.list(&filter, today, size, after);
        let date = filter.in_force_on.unwrap_or(today);
        let versions = page.lookups.into_iter();
        Ok(pb::ListCodesResponse {
            code_versions: versions.filter_map(|it| catalog::code_version(&catalog, it, date)).collect(),
            next_page_token: page.next_after.map(|code| cursor.seal(code)).unwrap_or_default(),
            total_size: u32::try_from(page.total).unwrap_or(u32::MAX),
        })
    }

    /// Codes by any of their names.
    ///
    /// # Errors
    /// An empty query or one that is too long, or no date.
    pub fn search(&self, request: &pb::SearchDrugsRequest) -> Result<pb::SearchDrugsResponse, Refusal> {
        let catalog = self.catalog()?;
        let query = match request.query.trim() {
            "" => Err(Violations::one("query", "is required: give a code, an ingredient or a brand")),
            _ => self.check_text("query", &request.query),
        };
        let as_of = catalog::as_of(&request.date_of_service, today());
        let date = Violations::of_both(query, as_of)?.1.date();
        let size = paging::MATCHES.of(request.page_size);
        let hits = catalog.search(&request.query, date, size);
        let matches = hits.iter().map(|hit| catalog::drug_match(&catalog, hit, date)).collect();
        Ok(pb::SearchDrugsResponse { matches })
    }

    /// The products of a National Drug Code.
    ///
    /// # Errors
    /// No NDC, one that no crosswalk knows, or ten digits that can be several.
    pub fn ndc(&self, request: &pb::LookupNdcRequest) -> Result<pb::LookupNdcResponse, Refusal> {
        let catalog = self.catalog()?;
        let read = catalog.read_ndc(request.ndc.trim()).map_err(|error| Violations::one("ndc", error));
        let (read, as_of) = Violations::of_both(read, catalog::as_of(&request.date_of_service, today()))?;
        match read {
            NdcReading::Known(ndc) => {
                let products = catalog::ndc_products(&catalog, ndc, as_of);
                Ok(pb::LookupNdcResponse { products, ..pb::LookupNdcResponse::default() })
            }
            NdcReading::Unknown(ndc) => Err(Refusal::UnknownNdc(ndc.hyphenated())),
            NdcReading::Ambiguous(candidates) => {
                Err(Refusal::AmbiguousNdc(candidates.map(|(ndc, _)| ndc.to_string())))
            }
        }
    }

    /// Families of biosimilars.
    ///
    /// # Errors
    /// No date, or a reference product whose name is too long.
    pub fn biosimilars(
        &self,
        request: &pb::ListBiosimilarsRequest,
    ) -> Result<pb::ListBiosimilarsResponse, Refusal> {
        let catalog = self.catalog()?;
        let reference = self.check_text("reference", &request.reference);
        let as_of = catalog::as_of(&request.date_of_service, today());
        let as_of: AsOf = Violations::of_both(reference, as_of)?.1;
        let families = catalog::families(&catalog, &request.reference, as_of);
        Ok(pb::ListBiosimilarsResponse { families })
    }

    /// The releases held, the newest first. Reads the disk.
    ///
    /// # Errors
    /// A token of another list, or a store that cannot be read.
    pub fn releases(&self, request: &pb::ListReleasesRequest) -> Result<pb::ListReleasesResponse, Refusal> {
        let mut entries = self.library.entries().map_err(refused)?;
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.header.quarter, entry.sequence)));
        let size = paging::RELEASES.of(request.page_size);
        let scope = entries.iter().map(|entry| entry.header.id.clone()).collect::<Vec<_>>();
        let (page, next_page_token) = Cursor::of(scope).page(&entries, &request.page_token, size)?;
        let releases = page.iter().map(catalog::release).collect();
        Ok(pb::ListReleasesResponse { releases, next_page_token })
    }

    /// What changed from one release to another. Reads the disk.
    ///
    /// # Errors
    /// A release that is not held, a token of another list, or a store that cannot be read.
    pub fn compare(
        &self,
        request: &pb::CompareReleasesRequest,
    ) -> Result<pb::CompareReleasesResponse, Refusal> {
        let catalog = self.catalog()?;
        let from = self.check_name("fromRelease", &request.from_release);
        Violations::of_both(from, self.check_name("toRelease", &request.to_release))?;
        let from = self.library.release(&request.from_release).map_err(refused)?;
        let to = self.library.release(&request.to_release).map_err(refused)?;
        let days = [&from, &to].map(|release| release.header.quarter.first_day());
        let all = compare_releases(&from, &to, &catalog);
        let cursor = Cursor::of((&from.header.id, &to.header.id));
        let size = paging::CHANGES.of(request.page_size);
        let (page, next_page_token) = cursor.page(&all, &request.page_token, size)?;
        let changes = page.iter().map(|it| catalog::code_change(&catalog, it, days.into())).collect();
        Ok(pb::CompareReleasesResponse { changes, next_page_token, counts: catalog::counts(&all) })
    }

    /// Refuses what can name no release.
    fn check_name(&self, field: &'static str, name: &str) -> Result<(), Violations> {
        if name.is_empty() {
            return Err(Violations::one(field, "is required: name a release, or a quarter such as 2025Q4"));
        }
        self.check_text(field, name)
    }

    /// Refuses a text that is longer than any that could be meant, before it is compared with anything.
    fn check_text(&self, field: &'static str, text: &str) -> Result<(), Violations> {
        let mut violations = Violations::under(&self.limits);
        violations.free_text(&Path::Root.field(field), text);
        violations.into_result(())
    }
}

fn refused(error: StoreError) -> Refusal {
    match error {
        StoreError::UnknownRelease(name) => Refusal::UnknownRelease(name),
        error => {
            tracing::error!(%error, "the store cannot be read");
            Refusal::Store
        }
    }
}

/// The date by which newest versions stand: the server's default, and in no rule.
fn today() -> Date {
    jiff::Zoned::now().date()
}
