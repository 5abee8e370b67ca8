//! The catalog compiled into the program: our own table of facts, and no text of CMS.

use std::sync::{Arc, LazyLock};

use sha2::{Digest, Sha256};

use super::biosimilar::Biosimilars;
use super::error::DataError;
use super::formulary::{Formulary, FormularyFiles};
use super::modifiers::Modifiers;
use super::package_forms::PackageForms;
use super::package_sizes::PackageSizes;
use super::release::{Merging, Overlay, Release, ReleaseHeader, ReleaseKind, hex};
use super::snapshot::Catalog;
use super::successors::Successors;
use crate::domain::quarter::QuarterError;

/// The data files of the formulary that are compiled in.
const FORMULARY: FormularyFiles<'static> = FormularyFiles {
    drugs: include_str!("../../catalog/drugs/drugs.csv"),
    names: include_str!("../../catalog/drugs/names.csv"),
    families: include_str!("../../catalog/drugs/families.csv"),
    profiles: include_str!("../../catalog/drugs/profiles.csv"),
    biosimilars: include_str!("../../catalog/biosimilars.csv"),
    routes: include_str!("../../catalog/drugs/routes.csv"),
    brands: include_str!("../../catalog/drugs/brands.csv"),
    containers: include_str!("../../catalog/drugs/containers.csv"),
};

/// The modifiers of HCPCS and CPT.
const MODIFIERS: &str = include_str!("../../catalog/modifiers.csv");

/// The tables of the embedded release, written by `infusion-coder build-seed`.
const SEED: &[(&str, &str)] = &[
    ("quarters", include_str!("../../catalog/seed/quarters.csv")),
    ("codes", include_str!("../../catalog/seed/codes.csv")),
    ("ndcs", include_str!("../../catalog/seed/ndcs.csv")),
    ("statuses", include_str!("../../catalog/seed/statuses.csv")),
    ("limits", include_str!("../../catalog/seed/limits.csv")),
    ("unit_limits", include_str!("../../catalog/seed/unit_limits.csv")),
    ("add_ons", include_str!("../../catalog/seed/add_ons.csv")),
    ("pairs", include_str!("../../catalog/seed/pairs.csv")),
];

impl Catalog {
    /// The catalog that the program carries; read once, on first use.
    pub fn embedded() -> Arc<Self> {
        static EMBEDDED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            let mut merging = Merging::new(Overlay::embedded());
            merging.add(Release::read_embedded());
            Arc::new(merging.finish())
        });
        EMBEDDED.clone()
    }
}

impl Release {
    /// The release that the program carries, for who looks at it again and again: it stays in memory.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Release> = LazyLock::new(Release::read_embedded);
        &EMBEDDED
    }

    /// The release that the program carries, read for one use: a service holds its catalog alone.
    pub fn read_embedded() -> Self {
        // The files are compiled in and a test reads them, so a refusal cannot reach a user.
        Self::read_tables(ReleaseHeader::embedded().clone(), SEED)
            .unwrap_or_else(|error| panic!("embedded release: {error}"))
    }
}

impl ReleaseHeader {
    /// The header of the release that the program carries.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<ReleaseHeader> = LazyLock::new(|| {
            // As above: compiled in, and read by a test.
            seed_header().unwrap_or_else(|error| panic!("embedded release: {error}"))
        });
        &EMBEDDED
    }
}

impl Overlay {
    /// Our own tables that the program carries.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Overlay> = LazyLock::new(|| {
            // As above: compiled in, and read by a test.
            read_overlay().unwrap_or_else(|error| panic!("embedded tables: {error}"))
        });
        &EMBEDDED
    }
}

impl Modifiers {
    /// The table that the program carries; read once, on first use, for an audit alone asks it.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Modifiers> = LazyLock::new(|| {
            // As above: compiled in, and read by a test.
            Modifiers::parse(MODIFIERS).unwrap_or_else(|error| panic!("embedded modifiers: {error}"))
        });
        &EMBEDDED
    }
}

fn seed_header() -> Result<ReleaseHeader, QuarterError> {
    let mut digest = Sha256::new();
    SEED.iter().for_each(|(_, text)| digest.update(text));
    let quarter = include_str!("../../catalog/seed/QUARTER").trim();
    let digest = hex(&digest.finalize());
    Ok(ReleaseHeader::new(ReleaseKind::Embedded, quarter.parse()?, "embedded table of facts", &digest))
}

fn read_overlay() -> Result<Overlay, DataError> {
    Ok(Overlay {
        formulary: Arc::new(Formulary::parse(FORMULARY)?),
        biosimilars: Biosimilars::parse(FORMULARY.biosimilars)?,
        successors: Successors::parse(include_str!("../../catalog/successors.csv"))?,
        package_sizes: PackageSizes::parse(include_str!("../../catalog/package_sizes.csv"))?,
        package_forms: Arc::new(PackageForms::parse(include_str!("../../catalog/package_forms.csv"))?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_files_are_read() {
        assert_eq!(read_overlay().map(|overlay| overlay.formulary.by_code.is_empty()), Ok(false));
        assert!(!Release::read_embedded().codes.is_empty());
        assert!(Modifiers::parse(MODIFIERS).is_ok());
    }
}
