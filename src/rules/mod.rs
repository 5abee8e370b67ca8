//! The rules: one family a file, one static record and one small function a rule.
//!
//! Ids follow the rule books and are never reused. [`FAMILIES`] is the index a reader wants:
//! `infusion-coder explain ID`, the API and `catalog/rules.md` all print these records.

pub mod administration;
pub mod audit;
pub mod checks;
pub mod classify;
pub mod documentation;
pub mod drug_line;
pub mod footing;
pub mod given;
pub mod identity;
pub mod route_words;

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// Whether a rule still speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// In use.
    Active,
    /// Recorded for reference; it decides nothing.
    Informational,
    /// No longer used, with the reason.
    Withdrawn(&'static str),
}

/// How solid the source of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Text or data of CMS, NCCI or a Medicare contractor.
    Primary,
    /// Primary text as quoted by another public source.
    Quoted,
    /// An association, payer, vendor or hospital only.
    Secondary,
    /// Inferred from sourced rules.
    Inferred,
    /// No source found; overridable.
    Unsourced,
}

impl Basis {
    /// The word printed beside a rule.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary source",
            Self::Quoted => "primary source, as quoted",
            Self::Secondary => "secondary source",
            Self::Inferred => "inferred",
            Self::Unsourced => "unsourced",
        }
    }
}

/// The documentation of a rule, under its fixed headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Documentation {
    pub what_it_says: &'static str,
    pub why: &'static str,
    pub example: &'static str,
    pub exceptions: &'static str,
}

/// The record of a rule.
#[derive(Debug)]
pub struct Rule {
    /// Id of the rule books, such as `TIME-3`.
    pub id: &'static str,
    pub title: &'static str,
    pub status: Status,
    pub basis: Basis,
    /// First date of service the rule speaks for (ISO); empty when it is older than the records.
    pub in_force_from: &'static str,
    /// First date of service the rule no longer speaks for; empty while it does.
    pub in_force_until: &'static str,
    /// Whether a payer file may switch the rule off: it only marks a line or warns, and withholds nothing.
    pub is_optional: bool,
    /// Keys into `catalog/citations.toml`.
    pub citations: &'static [&'static str],
    pub documentation: Documentation,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// Declares the record of a rule.
///
/// ```text
/// rule! {
///     pub static TIME_3: "TIME-3", "Additional hours",
///     basis: Quoted, cites: ["IOM12", "AAPC-TIPS"],
///     says: "…", why: "…", example: "…", exceptions: "…",
/// }
/// ```
/// `status:`, `from:`, `until:` and `optional:` may stand after `cites:`.
macro_rules! rule {
    (
        pub static $name:ident: $id:literal, $title:literal,
        basis: $basis:ident, cites: [$($cite:literal),* $(,)?],
        $(status: $status:expr,)?
        $(from: $from:literal,)?
        $(until: $until:literal,)?
        $(optional: $optional:literal,)?
        says: $says:literal,
        why: $why:literal,
        example: $example:literal,
        exceptions: $exceptions:literal $(,)?
    ) => {
        #[doc = concat!("Rule ", $id, ": ", $title, ".")]
        pub static $name: $crate::rules::Rule = $crate::rules::Rule {
            id: $id,
            title: $title,
            status: $crate::rules::rule!(@or $crate::rules::Status::Active; $($status)?),
            basis: $crate::rules::Basis::$basis,
            in_force_from: $crate::rules::rule!(@or ""; $($from)?),
            in_force_until: $crate::rules::rule!(@or ""; $($until)?),
            is_optional: $crate::rules::rule!(@or false; $($optional)?),
            citations: &[$($cite),*],
            documentation: $crate::rules::Documentation {
                what_it_says: $says,
                why: $why,
                example: $example,
                exceptions: $exceptions,
            },
        };
    };
    (@or $default:expr;) => { $default };
    (@or $default:expr; $given:expr) => { $given };
}
pub(crate) use rule;

/// A family of rules: its title, and its records in the order of the rule book.
pub type Family = (&'static str, &'static [&'static Rule]);

/// Every family, in reading order.
pub static FAMILIES: &[&[Family]] = &[
    classify::FAMILIES,
    administration::FAMILIES,
    drug_line::FAMILIES,
    documentation::FAMILIES,
    checks::FAMILIES,
    footing::FAMILIES,
    audit::FAMILIES,
];

/// Every family with its title, in reading order.
pub fn families() -> impl Iterator<Item = Family> {
    FAMILIES.iter().flat_map(|group| group.iter().copied())
}

/// Every rule, in reading order.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    families().flat_map(|(_, rules)| rules.iter().copied())
}

/// Whether a rule decides about the administration track, the class of the drugs included.
pub fn is_about_administration(rule: &'static Rule) -> bool {
    static PLACES: LazyLock<FxHashSet<usize>> = LazyLock::new(|| {
        let families = classify::FAMILIES.iter().chain(administration::FAMILIES);
        families.flat_map(|(_, rules)| rules.iter().copied()).map(place).collect()
    });
    PLACES.contains(&place(rule))
}

/// Where the record of a rule lies: a key that is cheaper to look up than its id.
pub fn place(rule: &'static Rule) -> usize {
    std::ptr::from_ref(rule).addr()
}

/// The rule of an id, in any case.
pub fn find(id: &str) -> Option<&'static Rule> {
    find_with_family(id).map(|(_, rule)| rule)
}

/// The rule of an id, in any case, with the title of its family.
pub fn find_with_family(id: &str) -> Option<(&'static str, &'static Rule)> {
    families().find_map(|(family, rules)| {
        let rule = rules.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))?;
        Some((family, *rule))
    })
}
