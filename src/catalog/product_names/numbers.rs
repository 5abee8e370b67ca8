//! Numbers that end a name: a strength of a brand, or a part of it.

use super::key;
use crate::catalog::names::fold;
use crate::catalog::record::CodeVersion;

/// The key of a name before the number that ends it: `Optiray 320` is a strength of Optiray.
pub(super) fn before_number(words: &[String]) -> Option<String> {
    let (last, before) = words.split_last()?;
    (!before.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())).then(|| key(before))
}

/// Whether the product is sold by numbers under a name, so that one number is never another's product.
pub(super) fn has_numbers(version: &CodeVersion, base: &str) -> bool {
    version.brands.iter().any(|brand| before_number(&fold(brand)).is_some_and(|known| known == base))
}
