//! Which kind of container a content is sold in, where the sizes of one code differ in it.

use super::Formulary;
use super::read::{container_kind, size};
use crate::catalog::error::DataError;
use crate::catalog::table::rows;
use crate::domain::code::HcpcsCode;
use crate::domain::drug::ContainerKind;
use crate::domain::quantity::Quantity;

impl Formulary {
    /// The kind of the containers of a code that hold so much; nothing where the content does not tell.
    pub fn kind_of_content(&self, code: HcpcsCode, content: Quantity) -> Option<ContainerKind> {
        let sizes = self.contents.get(&code)?.iter();
        sizes
            .filter(|(size, _)| size.compare(content).is_some_and(std::cmp::Ordering::is_eq))
            .map(|(_, kind)| *kind)
            .next()
    }

    /// Whether some contents of a code tell the kind of their container.
    pub fn tells_kind_by_content(&self, code: HcpcsCode) -> bool {
        self.contents.contains_key(&code)
    }

    /// Reads the contents whose kind their size tells.
    pub(super) fn read_containers(&mut self, text: &str) -> Result<(), DataError> {
        for row in rows("drugs/containers.csv", text, &["code", "content", "kind", "cite"])? {
            let row = row?;
            let (code, content) = (row.read(0)?, size(&row, row.text(1))?);
            let kind = container_kind(&row, 2)?.ok_or_else(|| row.refuse("the kind is missing"))?;
            if self.kind_of_content(code, content).is_some() {
                return Err(row.refuse("the content is listed twice"));
            }
            self.contents.entry(code).or_default().push((content, kind));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::domain::code::HcpcsCode;
    use crate::domain::drug::ContainerKind;
    use crate::domain::quantity::Quantity;

    #[test]
    fn the_size_tells_the_kind() {
        let formulary = &Catalog::embedded().formulary;
        let kind = |code, value, unit| {
            formulary.kind_of_content(HcpcsCode::of(code), Quantity::parse(value, unit).expect("a quantity"))
        };
        assert_eq!(kind("J0696", "10000", "mg"), Some(ContainerKind::PharmacyBulkPackage));
        assert_eq!(kind("J0696", "1", "g"), None);
        assert_eq!(kind("J2405", "40", "mg"), Some(ContainerKind::MultiDose));
        assert_eq!(kind("J2405", "20", "mL"), None);
    }

    #[test]
    fn every_source_is_in_the_citations() {
        let citations: toml::Table =
            include_str!("../../../catalog/citations.toml").parse().expect("citations");
        for row in include_str!("../../../catalog/drugs/containers.csv").lines().skip(1) {
            let key = row.rsplit(',').next().expect("a source");
            assert!(citations.contains_key(key), "{row}");
        }
    }
}
