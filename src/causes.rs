//! An error with its causes in one line.

use std::error::Error;

/// The error and its causes, the outermost first. A cause whose words already stand there is left out, because
/// libraries that wrap an error often repeat what they wrap.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        let cause = cause.to_string();
        if !told.ends_with(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Layer {
        words: &'static str,
        #[source]
        cause: Option<Box<Layer>>,
    }

    fn layers(words: &[&'static str]) -> Option<Box<Layer>> {
        let (first, rest) = words.split_first()?;
        Some(Box::new(Layer { words: first, cause: layers(rest) }))
    }

    #[test]
    fn a_cause_is_told_once() {
        let told = |words: &[&'static str]| with_causes(&*layers(words).expect("a layer"));
        assert_eq!(
            told(&["no answer", "no connection", "no connection", "refused"]),
            "no answer: no connection: refused"
        );
        assert_eq!(told(&["no answer: refused", "refused"]), "no answer: refused");
        assert_eq!(told(&["alone"]), "alone");
    }
}
