//! Parts of a name: its drugs, and what stands before the marks of makers and of uses.

use super::SPREADING_ENZYME;

/// The drugs of a name; an enzyme that only spreads the other is none.
pub fn components(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split([',', ';', '/']).flat_map(|part| part.split(" and ")).map(str::trim);
    parts
        .map(|part| part.strip_prefix("and ").unwrap_or(part))
        .filter(|part| !part.is_empty() && !part.to_ascii_lowercase().starts_with(SPREADING_ENZYME))
}

/// A name before the words of CMS that say for what way of giving its code is.
pub(super) fn without_use(name: &str) -> Option<&str> {
    name.split_once(" for administration through ").map(|(drug, _)| drug)
}

/// A name before the four letters that the FDA gives a biologic: `talquetamab-tgvs`.
pub fn without_suffix(name: &str) -> Option<&str> {
    const LETTERS: usize = 4;
    let is_suffix = |text: &str| text.len() == LETTERS && text.bytes().all(|byte| byte.is_ascii_lowercase());
    name.rsplit_once('-').filter(|(base, suffix)| !base.is_empty() && is_suffix(suffix)).map(|(base, _)| base)
}
