//! The drug that a long descriptor names: its nonproprietary name, and a brand or maker.

use super::makers::is_maker;

/// Words that begin a descriptor and say how the drug is given.
const LEADING: &[&str] =
    &["injection", "inj", "infusion", "instillation", "intravesical instillation", "oral"];

/// Words that make a phrase a description of the drug and not its name.
const ADJECTIVES: &[&str] =
    &["liposomal", "iv", "sterile", "human", "recombinant", "unspecified oral dosage form"];

/// Beginnings of what stands in parentheses without being a brand or a maker.
const NOT_A_BRAND: &[&str] = &[
    "anti",
    "vitamin",
    "preservative",
    "pneumatic",
    "only",
    "heparin",
    "ecmo",
    "central",
    "autologous",
    "bcma",
    "code may",
    "contraceptive",
    "e.g",
    "e. g",
    "eg ",
    "equine",
    "for ",
    "g-csf",
    "hepb",
    "human",
    "i.e",
    "i. e",
    "i. u",
    "i.u",
    "includ",
    "intravesical",
    "list ",
    "mab",
    "nos",
    "non",
    "not ",
    "ovine",
    "pfu",
    "porcine",
    "prior",
    "recombinant",
    "scorpion",
    "single",
    "up to",
    "whole",
];

/// Letters of the shortest brand beside another one; what is shorter is a mark, as in `S/D`.
const BRAND_LETTERS_MIN: usize = 4;

/// Words behind a name that tell whose product it is not; CMS does not always put a comma before them.
const NOT_EQUIVALENT: &[&str] = &[" not therapeutically equivalent", " not thereapeutically equivalent"];

/// Longest name of a further drug, in words; longer phrases describe a service.
const NAME_WORDS_MAX: usize = 4;

/// Longest name that is kept, in characters.
const NAME_CHARACTERS_MAX: usize = 120;

/// What a descriptor calls the drug.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Nonproprietary name, in lower case; several drugs are joined by "and".
    pub name: String,
    /// Brands of the product, in lower case.
    pub brands: Vec<String>,
    /// Maker, where the code is for one maker's product.
    pub maker: Option<String>,
}

/// Reads the names; `is_exclusive` says that the code is for one maker's product only, and CMS does not say so of each.
pub fn names(descriptor: &str, is_exclusive: bool) -> Names {
    let lower = descriptor.to_lowercase();
    let (outside, inside) = apart(&lower);
    let label = inside.into_iter().find(|text| is_brand(text));
    let name = nonproprietary(&outside);
    match label {
        Some(maker) if is_exclusive || is_maker(&maker) => {
            Names { name, brands: Vec::new(), maker: Some(maker) }
        }
        label => {
            let brands =
                label.iter().flat_map(|label| brands(label)).filter(|brand| !name.starts_with(brand));
            Names { brands: brands.collect(), name, maker: None }
        }
    }
}

/// The brands of a label: "renvela or therapeutically equivalent" names one, and "one/two" and "one, or two" name two.
fn brands(label: &str) -> impl Iterator<Item = String> {
    let label = label.split(" or therapeutically").next().unwrap_or(label);
    let are_names = label.split('/').all(|part| part.trim().len() >= BRAND_LETTERS_MIN);
    let alternatives = || label.split('/').flat_map(|part| part.split(", or "));
    let (whole, parts) = if are_names { (None, Some(alternatives())) } else { (Some(label), None) };
    whole.into_iter().chain(parts.into_iter().flatten()).map(|brand| brand.trim().to_owned())
}

/// The text outside parentheses, and what the outermost ones hold.
fn apart(text: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside, mut depth) = (String::new(), Vec::<String>::new(), 0_usize);
    let mut before = ' ';
    for c in text.chars() {
        // "capsule(s)" and "f(ab)2" are words.
        let is_in_a_word = depth == 0 && c == '(' && before.is_alphanumeric();
        let ends_a_word = depth == 0 && c == ')';
        before = c;
        match c {
            _ if is_in_a_word || ends_a_word => outside.push(c),
            '(' => {
                depth += 1;
                if depth == 1 {
                    inside.push(String::new());
                }
            }
            ')' => depth -= 1,
            _ if depth == 0 => outside.push(c),
            // A parenthesis is open, so the last text exists.
            _ => inside.last_mut().into_iter().for_each(|text| text.push(c)),
        }
    }
    (outside, inside)
}

fn is_brand(text: &str) -> bool {
    let text = text.trim();
    let starts = |beginning: &&str| text.starts_with(*beginning);
    !text.is_empty()
        && text.starts_with(|c: char| c.is_alphabetic())
        && !NOT_A_BRAND.iter().any(starts)
        && !text.contains("factor")
        && !text.contains(" mg")
}

/// The phrases before the first amount, without the way of giving and what only describes.
fn nonproprietary(outside: &str) -> String {
    let outside = LEADING
        .iter()
        .filter_map(|word| outside.strip_prefix(word))
        .find(|rest| rest.starts_with([',', ' ']))
        .unwrap_or(outside);
    let mut names: Vec<String> = Vec::new();
    let mut has_amount = false;
    let phrases = outside
        .split([',', ';'])
        .map(|phrase| NOT_EQUIVALENT.iter().fold(phrase, |phrase, words| before(phrase, words)));
    for phrase in phrases.map(str::trim).filter(|phrase| !phrase.is_empty()) {
        let name = without_amounts(phrase);
        if names.is_empty() {
            if !name.is_empty() && !is_adjective(&name) {
                has_amount = name != phrase;
                names.push(name);
            }
        } else if let Some(other) = further(phrase, has_amount) {
            names.push(other);
        }
    }
    names.join(" and ").chars().take(NAME_CHARACTERS_MAX).collect()
}

fn before<'t>(text: &'t str, words: &str) -> &'t str {
    text.split(words).next().unwrap_or(text)
}

/// A further drug of a combination: "up to 2.5 mg and ipratropium" behind a name, "cilastatin 4 mg" behind an amount.
fn further(phrase: &str, follows_an_amount: bool) -> Option<String> {
    let amount = phrase.strip_prefix("up to ").unwrap_or(phrase);
    let starts_with_amount = amount.starts_with(|c: char| c.is_ascii_digit());
    let name = without_amounts(amount);
    let name = match name.strip_prefix("and ") {
        Some(other) if starts_with_amount => other,
        None if follows_an_amount && !starts_with_amount && name != amount => &name,
        _ => return None,
    };
    let is_name = !name.is_empty()
        && !is_adjective(name)
        && !name.starts_with("or ")
        && name.split(' ').count() <= NAME_WORDS_MAX;
    is_name.then(|| name.to_owned())
}

fn is_adjective(phrase: &str) -> bool {
    ADJECTIVES.contains(&phrase)
}

/// "acetaminophen 10 mg and ibuprofen 3 mg" names acetaminophen and ibuprofen.
fn without_amounts(phrase: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut skip_unit = false;
    for word in phrase.split_whitespace() {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit()) && !word.ends_with('%');
        let has_unit = is_number && word.ends_with(|c: char| c.is_alphabetic());
        if word == "per" || word == "up" {
            break;
        }
        let is_unit = skip_unit && UNITS.contains(&word);
        if !is_number && !is_unit {
            words.push(word);
        }
        skip_unit = is_number && !has_unit;
    }
    words.join(" ")
}

/// Units behind a number inside a name.
const UNITS: &[&str] =
    &["mg", "mcg", "g", "gram", "grams", "ml", "cc", "units", "unit", "microgram", "mg/ml", "meq"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drug_is_the_first_phrase_that_names_one() {
        for (descriptor, name) in [
            ("Injection, rituximab, 10 mg", "rituximab"),
            ("Injection interferon example, 0.25 mg", "interferon example"),
            ("Injection, burosumab-twza 1 mg", "burosumab-twza"),
            ("Injection, immune globulin (brandname), intravenous, 500 mg", "immune globulin"),
            ("Injection, liposomal, 1 mg one and 2.27 mg two", "one and two"),
            ("Injection, one 10 mg and two 3 mg", "one and two"),
            ("Injection, one 4 mg, two 4 mg and three 2 mg", "one and two and three"),
            ("One, up to 2.5 mg and two bromide, up to 0.5 mg, unit dose", "one and two bromide"),
            ("Injection, one, 10 mg", "one"),
            ("5% dextrose/water (500 ml = 1 unit)", "5% dextrose/water"),
            ("Factor viii (antihemophilic factor, human) per i.u.", "factor viii"),
            ("Infusion, normal saline solution, 250 cc", "normal saline solution"),
            ("Injection, one (maker) not therapeutically equivalent to j0001, 10 mg", "one"),
            ("Injection, one sodium (maker) not thereapeutically equivalent to j0001, 1 mg", "one sodium"),
            ("", ""),
        ] {
            assert_eq!(names(descriptor, false).name, name, "{descriptor}");
        }
    }

    #[test]
    fn parentheses_hold_a_brand_a_maker_or_neither() {
        let read = |text, exclusive| (names(text, exclusive).brands, names(text, exclusive).maker);
        let some = |text: &str| vec![text.to_owned()];
        let none = Vec::new;
        assert_eq!(
            read("Injection, one-abcd, biosimilar, (brandname), 10 mg", false),
            (some("brandname"), None)
        );
        assert_eq!(
            read("Injection, one (maker), not therapeutically equivalent to j0001, 1 mg", true),
            (none(), Some("maker".to_owned()))
        );
        let maker = read("Injection, one, (sandoz), 5 mg", false);
        assert_eq!(maker, (none(), Some("sandoz".to_owned())), "CMS names makers of other codes too");
        assert_eq!(read("Injection, one, 1 mg (for esrd on dialysis)", false), (none(), None));
        assert_eq!(read("Factor viii (antihemophilic factor (porcine)), per i.u.", false), (none(), None));
        assert_eq!(read("Injection, one, 1,000 (i. u. )", false), (none(), None));
        let both = vec!["first".to_owned(), "first dif".to_owned()];
        assert_eq!(read("Injection, one, (first/first dif), 500 mg", false), (both, None));
        let both = vec!["first a".to_owned(), "first b".to_owned()];
        assert_eq!(read("Injection, one, (first a, or first b), 1 mg", false), (both, None));
        assert_eq!(
            read("Injection, onedrug (first/onedrug), 1 mg", false).0,
            some("first"),
            "a name is no brand"
        );
        assert_eq!(read("One (first or therapeutically equivalent), 5 mg", false), (some("first"), None));
        assert_eq!(read("One (first s/d), 5 mg", false), (some("first s/d"), None));
    }
}
