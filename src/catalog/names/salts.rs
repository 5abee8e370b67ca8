//! The salts that names tell, and those that records write in short.

/// Words that name the salt of a drug, which records often leave out. A depot ester, such as the decanoate, makes another product.
const SALTS: &[&str] = &[
    "acetate",
    "acetonide",
    "besylate",
    "bitartrate",
    "bromide",
    "calcium",
    "chloride",
    "citrate",
    "dihydrate",
    "dipotassium",
    "disodium",
    "ditromethamine",
    "edisylate",
    "fumarate",
    "gluconate",
    "hcl",
    "hydrochloride",
    "lactate",
    "maleate",
    "mesylate",
    "nitrate",
    "phos",
    "phosphate",
    "potassium",
    "sod",
    "sodium",
    "succ",
    "succinate",
    "sulfate",
    "tartrate",
    "tromethamine",
];

/// Salts as order sets shorten them, which no name of the tables does; `product_names` knows those that names shorten too.
const SHORT: &[(&str, &str)] = &[
    ("acet", "acetate"),
    ("edis", "edisylate"),
    ("suc", "succinate"),
    ("sulf", "sulfate"),
    ("tart", "tartrate"),
    ("trometh", "tromethamine"),
];

/// Whether a word names the salt of a drug.
pub fn is_salt(word: &str) -> bool {
    SALTS.contains(&word)
}

/// Writes the salts behind a name in full; a word at the front names the drug.
pub(super) fn write_in_full(words: &mut [String]) {
    for word in words.iter_mut().skip(1) {
        if let Some((_, salt)) = SHORT.iter().find(|(short, _)| short == word) {
            *word = (*salt).to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::names::fold;

    #[test]
    fn a_shortened_salt_is_the_salt_behind_a_name_alone() {
        for (text, folded) in [
            ("methylPREDNISolone sod suc(PF) 125 mg", "methylprednisolone sod succinate pf"),
            ("morphine sulf 4 mg", "morphine sulfate"),
            ("medroxyprogesterone acet", "medroxyprogesterone acetate"),
            ("acet 1 g", "acet"),
        ] {
            assert_eq!(fold(text).join(" "), folded, "{text}");
        }
    }
}
