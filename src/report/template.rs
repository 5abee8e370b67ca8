//! The templates of notes, each read once and kept in its parts.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Words(&'static str),
    /// The name of a fact, and whether the word for minutes follows it.
    Fact {
        name: &'static str,
        before_minutes: bool,
    },
    /// So many parts that follow are left out where one of their names has no fact.
    Optional {
        parts: usize,
    },
}

/// The parts of a template.
///
/// `{name}` stands for a fact, and what stands between brackets is optional. A brace or a bracket without its
/// end is a word like others.
pub fn parts(template: &'static str) -> Rc<[Part]> {
    /// Where a text begins and how long it is: the same text may lie in two places, and is then read twice.
    type Place = (usize, usize);
    thread_local! {
        // A thread has its own, so that none waits for another. They are as many as the rules have texts.
        static READ: RefCell<FxHashMap<Place, Rc<[Part]>>> = RefCell::default();
    }
    READ.with_borrow_mut(|read| {
        let place = (template.as_ptr().addr(), template.len());
        read.entry(place).or_insert_with(|| split(template).into()).clone()
    })
}

fn split(template: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        add(&mut parts, before);
        let Some((optional, after)) = after.split_once(']') else {
            rest = &rest[before.len()..];
            break;
        };
        let at = parts.len();
        parts.push(Part::Optional { parts: 0 });
        add(&mut parts, optional);
        parts[at] = Part::Optional { parts: parts.len() - at - 1 };
        rest = after;
    }
    add(&mut parts, rest);
    parts
}

fn add(parts: &mut Vec<Part>, template: &'static str) {
    let mut words = |text: &'static str| {
        if !text.is_empty() {
            parts.push(Part::Words(text));
        }
    };
    let Some((before, after)) = template.split_once('{') else { return words(template) };
    words(before);
    let Some((name, after)) = after.split_once('}') else {
        words("{");
        return add(parts, after);
    };
    let before_minutes = after.starts_with(" min") || after.starts_with("-min");
    parts.push(Part::Fact { name, before_minutes });
    add(parts, after);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_split_into_its_parts() {
        let fact = |name, before_minutes| Part::Fact { name, before_minutes };
        assert_eq!(
            split("over {a} min[, worth {b}]."),
            [
                Part::Words("over "),
                fact("a", true),
                Part::Words(" min"),
                Part::Optional { parts: 2 },
                Part::Words(", worth "),
                fact("b", false),
                Part::Words("."),
            ]
        );
        assert_eq!(
            split("a [b {c"),
            [Part::Words("a "), Part::Words("[b "), Part::Words("{"), Part::Words("c")]
        );
        assert!(Rc::ptr_eq(&parts("{once}"), &parts("{once}")));
    }
}
