//! What `code` is given: one visit, or a file or pipe of visits with a JSON object a line, or an array of them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::ordered_lines::LINE_BYTES_MAX;

/// Names of files that hold a JSON object a line.
const LINE_EXTENSIONS: [&str; 2] = ["jsonl", "ndjson"];

/// What was found in the file or on standard input.
pub enum Given {
    /// One visit.
    Visit(String),
    /// A visit a line.
    Lines(Lines),
}

/// A source of lines.
pub struct Lines {
    pub reader: Box<dyn Read + Send>,
    /// Bytes of a file; unknown for a pipe.
    pub length: Option<u64>,
}

/// Opens a file, or standard input for `-`. More than one JSON object, one a line, is a file of visits even
/// where neither the file's name nor `is_lines` says so.
///
/// # Errors
/// A file that cannot be read.
pub fn open(path: &Path, is_lines: bool) -> anyhow::Result<Given> {
    if path.as_os_str() == "-" {
        return given(BufReader::new(io::stdin()), None, is_lines).context("standard input cannot be read");
    }
    let unreadable = || format!("{} cannot be read", path.display());
    let extension = path.extension().unwrap_or_default();
    let is_lines = is_lines || LINE_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
    let file = File::open(path).with_context(unreadable)?;
    let length = file.metadata().ok().map(|metadata| metadata.len()).filter(|length| *length > 0);
    given(BufReader::new(file), length, is_lines).with_context(unreadable)
}

/// Reads a file, or standard input for `-`, as one text.
///
/// # Errors
/// A file that cannot be read.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        return io::read_to_string(io::stdin()).context("standard input cannot be read");
    }
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn given(
    mut source: impl BufRead + Send + 'static,
    length: Option<u64>,
    is_lines: bool,
) -> io::Result<Given> {
    let mut begun = Vec::new();
    if is_lines || holds_several(&mut source, &mut begun)? {
        let reader = Box::new(io::Cursor::new(begun).chain(source));
        return Ok(Given::Lines(Lines { reader, length }));
    }
    source.read_to_end(&mut begun)?;
    let text = String::from_utf8(begun).map_err(|_| io::Error::other("it is not UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    Ok(match lines_of_array(text) {
        Some(lines) => {
            let length = Some(lines.len() as u64);
            Given::Lines(Lines { reader: Box::new(io::Cursor::new(lines)), length })
        }
        None => Given::Visit(text.to_owned()),
    })
}

/// The objects of an array, each on a line of its own; nothing where the text is no array of objects.
fn lines_of_array(text: &str) -> Option<String> {
    let text = text.trim_start();
    let items: Vec<&RawValue> = serde_json::from_str(text.starts_with('[').then_some(text)?).ok()?;
    if items.is_empty() || items.iter().any(|item| !item.get().starts_with('{')) {
        return None;
    }
    // A text of JSON holds no bare line break, so those between its parts are only room.
    let mut lines: Vec<String> = items.iter().map(|item| item.get().replace(['\n', '\r'], " ")).collect();
    lines.push(String::new());
    Some(lines.join("\n"))
}

/// Whether the first line that says anything is a whole JSON object and another line follows. What was
/// read to find out is in `begun`.
fn holds_several(source: &mut impl BufRead, begun: &mut Vec<u8>) -> io::Result<bool> {
    let mut whole_objects = 0;
    while begun.len() < LINE_BYTES_MAX {
        let start = begun.len();
        let limit = (LINE_BYTES_MAX - start) as u64;
        if source.by_ref().take(limit).read_until(b'\n', begun)? == 0 {
            return Ok(false);
        }
        let line = begun[start..].trim_ascii();
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        match line {
            [] => {}
            _ if whole_objects > 0 => return Ok(true),
            [b'{', ..] if serde_json::from_slice::<IgnoredAny>(line).is_ok() => whole_objects += 1,
            _ => return Ok(false),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str, is_lines: bool) -> (bool, String) {
        match given(text.as_bytes(), None, is_lines).expect("text") {
            Given::Visit(text) => (false, text),
            Given::Lines(mut lines) => {
                let mut text = String::new();
                lines.reader.read_to_string(&mut text).expect("text");
                (true, text)
            }
        }
    }

    #[test]
    fn several_objects_are_lines_and_nothing_of_them_is_lost() {
        for text in ["{\"a\":1}\n{\"a\":2}\n", "\u{feff}{}\r\n\r\n{oops\n{}", "\n{}\n{}"] {
            assert_eq!(read(text, false), (true, text.to_owned()));
        }
    }

    #[test]
    fn the_objects_of_an_array_are_lines() {
        let array = "\u{feff} [{\"a\":\n \"x\\ny\"},\r\n {\"b\": [1]}]\n";
        assert_eq!(read(array, false), (true, "{\"a\":  \"x\\ny\"}\n{\"b\": [1]}\n".to_owned()));
        for text in ["[]", "[1, {}]", "[{}", "[[{}]]"] {
            assert_eq!(read(text, false), (false, text.to_owned()));
        }
    }

    #[test]
    fn one_visit_is_one_however_it_is_written() {
        for text in ["{\"a\":\n 1}\n", "{}", "{}\n\n", "", "\n", "oops\n{}\n"] {
            assert_eq!(read(text, false), (false, text.to_owned()));
            assert_eq!(read(text, true), (true, text.to_owned()));
        }
        assert_eq!(read("\u{feff}{}", false).1, "{}");
    }
}
