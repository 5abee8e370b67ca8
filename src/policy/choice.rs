//! Which policy a request gets: that of the payer and variant it names, or the next wider one.

use std::sync::Arc;

use super::book::PolicyBook;
use super::parameters::Policy;
use crate::domain::time::Date;

/// The payer whose rules hold where a request names one without a file.
pub const FALLBACK_PAYER: &str = "medicare";

/// Whether a request got the rules that it named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    AsNamed,
    /// No file names the variant; the payer's own rules are followed.
    OtherVariant,
    /// No file names the payer; the national rules are followed.
    OtherPayer,
}

impl PolicyBook {
    /// The policy of a payer and its variant on a date of service; nothing only where the book lacks the national
    /// rules.
    pub fn choose(&self, date: Date, payer: &str, variant: Option<&str>) -> Option<(&Arc<Policy>, Chosen)> {
        if let Some(variant) = variant {
            let of_variant = self.at(date, &format!("{payer} {variant}")).or_else(|| self.at(date, variant));
            if let Some(policy) = of_variant {
                return Some((policy, Chosen::AsNamed));
            }
        }
        let chosen = if variant.is_some() { Chosen::OtherVariant } else { Chosen::AsNamed };
        match self.at(date, payer) {
            Some(policy) => Some((policy, chosen)),
            None => Some((self.at(date, FALLBACK_PAYER)?, Chosen::OtherPayer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn a_request_gets_the_narrowest_rules_there_are() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let chosen = |payer, variant| {
            let (policy, chosen) = book.choose(date(2025, 11, 3), payer, variant).expect("a policy");
            (policy.payer.to_string(), chosen)
        };
        assert_eq!(chosen("Medicare", None), ("medicare".to_owned(), Chosen::AsNamed));
        assert_eq!(chosen("medicare", Some("NGS")), ("medicare-ngs".to_owned(), Chosen::AsNamed));
        assert_eq!(chosen("medicare", Some("no such")), ("medicare".to_owned(), Chosen::OtherVariant));
        assert_eq!(chosen("acme", None), ("medicare".to_owned(), Chosen::OtherPayer));
        assert_eq!(chosen("acme", Some("west")), ("medicare".to_owned(), Chosen::OtherPayer));
    }
}
