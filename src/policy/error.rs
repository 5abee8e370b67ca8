//! Why data files are refused.

use crate::domain::time::Date;

/// Why the data files do not make a policy. Every message names the file or the key at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("{file}: {message}")]
    Syntax { file: String, message: String },
    #[error("parameter `{key}` is declared in both {first} and {second}")]
    DeclaredTwice { key: String, first: String, second: String },
    #[error("payers `{first}` and {second} are both called `{name}`")]
    NamedTwice { name: String, first: String, second: String },
    #[error(
        "{file}: parameter `{key}` has two values from {date} on: leave one, or give the later one its own date"
    )]
    ValuedTwice { file: String, key: String, date: Date },
    #[error("parameter `{key}` has no value for {date}: add one in catalog/params")]
    NoValue { key: String, date: Date },
    #[error("parameter `{key}`: {message}")]
    Value { key: String, message: String },
    #[error(
        "{file}: policy files lie in `params` and `payers`, and here nothing reads it: move it there, or take it away"
    )]
    Misplaced { file: String },
    #[error(
        "payer `{payer}`: a biosimilar under the code of its reference product with a modifier needs one: list it in `drug_line.biosimilar_reference_modifiers`"
    )]
    NoReferenceModifier { payer: String },
    #[error("{file}: parameter `{key}` is not one the program reads")]
    UnknownParameter { file: String, key: String },
    #[error("{file}: rule `{rule}` does not exist")]
    UnknownRule { file: String, rule: String },
    #[error(
        "{file}: rule `{rule}` decides which code is reported, so it cannot be switched off: change one of its parameters"
    )]
    RuleDecides { file: String, rule: String },
    #[error("{file}: `{cite}` is not in citations.toml (named by {by})")]
    UnknownCitation { file: String, cite: String, by: String },
    #[error("payer `{payer}` extends `{extends}`, which does not exist or leads back to itself")]
    UnknownBase { payer: String, extends: String },
    #[error("payer `{payer}`: exceptions \"{first}\" and \"{second}\" both speak for {subject} on {date}")]
    Conflict { payer: String, first: String, second: String, subject: String, date: Date },
    #[error("{file}: exception \"{label}\" must name either `parameter` and `value`, or `rule_off`")]
    EmptyException { file: String, label: String },
}

impl PolicyError {
    pub(super) fn syntax(file: &str, error: &toml::de::Error) -> Self {
        Self::Syntax { file: file.to_owned(), message: error.to_string().trim_end().to_owned() }
    }
}
