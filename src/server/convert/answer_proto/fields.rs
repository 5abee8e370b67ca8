//! The fields of an answer's messages, by the numbers that the protos give them.
//!
//! A test decodes what is written with them and finds every byte again.

/// Names the fields of one message.
macro_rules! fields {
    ($($(#[$doc:meta])* $message:ident { $($kind:ident $name:ident = $number:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        pub(in super::super) mod $message {
            use crate::server::convert::answer_proto::wire::Tag;
            $(pub(in super::super::super) const $name: Tag = Tag::$kind($number);)*
        }
    )*};
}

fields! {
    /// `Line`
    line {
        number TRACK = 1,
        bytes CODE = 2,
        number UNITS = 3,
        bytes MODIFIERS = 4,
        bytes SERVICE_DATE = 5,
        bytes ADMINISTRATION_IDS = 6,
        bytes DESCRIPTION = 7,
        bytes NDC = 8,
        bytes NARRATIVE = 9,
        bytes STEPS = 10,
        bytes FURTHER_NDCS = 11,
    }
    /// `NdcReport`
    ndc_report { bytes NDC = 1, bytes QUALIFIER = 2, bytes QUANTITY = 3 }
    /// `Step`
    step { bytes RULE_ID = 1, number OUTCOME = 2, bytes TEXT = 3, bytes FACTS = 4, bytes CITATIONS = 5 }
    /// `Fact`
    fact { bytes NAME = 1, bytes VALUE = 2, number SOURCE = 3, bytes PARAMETER = 4, bytes PARAMETER_FROM = 5 }
    /// `Citation`
    citation { bytes ID = 1, bytes TITLE = 2, bytes SECTION = 3, bytes URL = 4 }
    /// `NotBilled`
    not_billed {
        bytes FIELD = 1,
        bytes ADMINISTRATION_ID = 2,
        bytes DESCRIPTION = 3,
        bytes RULE_ID = 4,
        bytes TEXT = 5,
        bytes FACTS = 6,
    }
    /// `Finding`; its last two fields have the same numbers in `NotBilled`.
    finding {
        number SEVERITY = 1,
        number REASON = 2,
        bytes FIELD = 3,
        bytes RULE_ID = 4,
        bytes TEXT = 5,
        bytes FACTS = 6,
        bytes CITATIONS = 7,
    }
    /// `Question`
    question { bytes FIELD = 1, bytes RULE_ID = 2, bytes TEXT = 3, bytes ANSWERS = 4 }
    /// `Answer`
    answer { bytes LABEL = 1, bytes LINES = 2 }
    /// `Provenance`
    provenance {
        bytes CATALOG_RELEASE = 1,
        bytes PAYER = 2,
        bytes POLICY_VERSION = 3,
        bytes RULES_VERSION = 4,
        bytes ENGINE_VERSION = 5,
        bytes INPUT_DIGEST = 6,
    }
    /// `CodingItem`
    item { number ITEM_NUMBER = 1, bytes RESPONSE = 2, bytes ERROR = 3 }
    /// `BatchCodeEncountersResponse` and `StreamCodeEncountersResponse`, whose only field is the same.
    items { bytes ITEM = 1 }
}
