//! The switches of the drug-line rules (rule book §13).

use serde::Deserialize;

/// Declares switches, each read from the data files by its kebab-case name.
macro_rules! switches {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident),* $(,)? })*) => {
        $($(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$doc])* $variant),* })*
    };
}

switches! {
    /// Which way a dose is rounded to whole units.
    pub enum UnitRounding {
        /// To the next whole unit (rule U-02).
        Up,
        /// To the whole unit below, as the 2026 guide works its example (row G-17).
        Down,
    }

    /// What is rounded once.
    pub enum RoundingScope {
        /// The doses of one drug on a date together.
        PerDay,
        /// Each administration by itself.
        PerAdministration,
    }

    /// How discarded drug is shown on the claim.
    pub enum DiscardReporting {
        /// Not at all.
        Off,
        /// A JW line where drug was discarded.
        JwOnly,
        /// JZ where none was discarded.
        JzOnly,
        /// JW or JZ.
        JwAndJz,
        /// Given and discarded units on one line.
        CombinedLine,
    }

    /// What a payer expects of a modifier on a date.
    pub enum Standing {
        NotUsed,
        Optional,
        Required,
        /// Claims without it may be returned.
        RequiredOrReturned,
    }

    /// What JZ attests.
    pub enum JzAttestation {
        /// No discarded amount that could be paid.
        NoPayableDiscard,
        /// No discarded amount at all.
        NoDiscard,
    }

    /// What becomes of waste that a better choice of containers avoids.
    pub enum AvoidableWaste {
        Warn,
        /// Only the least achievable waste is billed.
        Cap,
        /// No JW line.
        Suppress,
    }

    /// How much of a partly given dose is discarded drug.
    pub enum PartlyAdministered {
        /// Label minus ordered dose, as CMS defines discarded drug.
        RestAfterOrdered,
        /// Label minus administered dose.
        RestAfterAdministered,
        NotBilled,
    }

    /// What becomes of a remainder that the record does not document.
    pub enum UndocumentedDiscard {
        /// Neither JW nor JZ until the record settles it.
        Withhold,
        /// The arithmetic remainder is billed.
        Bill,
    }

    /// How discarded drug of an unclassified code is shown.
    pub enum UnclassifiedDiscard {
        NarrativeOnly,
        JwLine,
    }

    /// Whether a drug that cost nothing is listed.
    pub enum NoCostDrug {
        Omit,
        Report,
    }

    /// Whether the code that a product got later tells the unclassified code that it had before (rule N-08).
    pub enum KindBeforeCode {
        Asked,
        Told,
    }

    /// Which code a biosimilar is billed by.
    pub enum BiosimilarCoding {
        OwnCode,
        ReferenceCodeWithModifier,
    }

    /// What one unit of an unclassified code counts.
    pub enum UnclassifiedUnits {
        One,
        Containers,
        /// The amount that the request states as the payer's own billing unit; one where it states none.
        StatedDosage,
    }

    /// What becomes of an unclassified code where the drug's name has its own.
    pub enum UnclassifiedBesideSpecific {
        Refuse,
        Warn,
    }

    /// Whether JA and JB are asked for.
    pub enum RouteModifiers {
        Off,
        /// Compulsory on the erythropoietins of dialysis, and asked for nowhere else (rule M-04).
        OnDialysis,
        /// Shown where known.
        Informational,
        /// Claims without it are denied.
        Required,
    }

    /// Whether the payer wants NDCs.
    pub enum NdcReporting {
        Off,
        WhenGiven,
        Required,
    }

    /// Whether several NDCs of one code share a line.
    pub enum NdcLines {
        Combined,
        LinePerNdc,
    }

    /// What the payer denies above a medically unlikely edit.
    pub enum MueDenial {
        Excess,
        AllUnits,
    }

    /// The unit in which an NDC quantity is stated.
    pub enum QualifierRule {
        Milliliter,
        Unit,
        Gram,
        Milligram,
        InternationalUnit,
    }
}
