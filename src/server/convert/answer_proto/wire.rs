//! The wire format of protobuf, written straight into bytes.

use crate::server::lent::write::varint;

/// A field's number with its kind, as the byte that stands before its value.
///
/// Only the numbers up to fifteen have a single byte, and no message of an answer has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u8);

impl Tag {
    /// A field whose value is a whole number or the number of an enum's value.
    pub(super) const fn number(field: u8) -> Self {
        assert!(field > 0 && field < 16, "the tag of a field is one byte");
        Self(field << 3)
    }

    /// A field whose value is a text or a message.
    pub(super) const fn bytes(field: u8) -> Self {
        Self(Self::number(field).0 | 2)
    }
}

/// Bytes that most texts and messages of a kind need for their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Below 128 bytes.
    Short = 1,
    /// Below 16,384 bytes.
    Long = 2,
}

/// The bits of a length that one byte holds.
const BITS: u32 = 7;

/// Appends a number; zero is what stands for nothing, and is left out.
pub(super) fn number(output: &mut Vec<u8>, tag: Tag, number: u64) {
    if number > 0 {
        output.push(tag.0);
        varint(number, output);
    }
}

/// Appends the value of an enum; the unspecified one is left out.
pub(super) fn choice(output: &mut Vec<u8>, tag: Tag, value: i32) {
    // A negative number would be written in ten bytes; no enum has one.
    number(output, tag, u64::try_from(value).unwrap_or_default());
}

/// Appends a text; an empty one is left out.
pub(super) fn text(output: &mut Vec<u8>, tag: Tag, text: &str) {
    if !text.is_empty() {
        element(output, tag, text);
    }
}

/// Appends a text of a list, where an empty one counts too.
pub(super) fn element(output: &mut Vec<u8>, tag: Tag, text: &str) {
    delimited(output, tag, text.as_bytes());
}

/// Appends bytes with their length before them.
pub(super) fn delimited(output: &mut Vec<u8>, tag: Tag, bytes: &[u8]) {
    output.push(tag.0);
    varint(bytes.len() as u64, output);
    output.extend_from_slice(bytes);
}

/// Appends a message, also where it says nothing.
pub(super) fn message(output: &mut Vec<u8>, tag: Tag, size: Size, write: impl FnOnce(&mut Vec<u8>)) {
    let at = begin(output, tag, size);
    write(output);
    end(output, at, size);
}

/// Appends a text that is put together on the spot; an empty one is left out.
pub(super) fn made(output: &mut Vec<u8>, tag: Tag, size: Size, write: impl FnOnce(&mut Vec<u8>)) {
    let at = begin(output, tag, size);
    write(output);
    if output.len() == at + size as usize {
        output.truncate(at - 1);
    } else {
        end(output, at, size);
    }
}

/// Leaves room for the length that is expected, and tells where.
fn begin(output: &mut Vec<u8>, tag: Tag, size: Size) -> usize {
    output.push(tag.0);
    let at = output.len();
    output.extend_from_slice(&[0; 2][..size as usize]);
    at
}

/// Puts the length before what was written since; where it needs more or less room, the rest moves.
fn end(output: &mut Vec<u8>, at: usize, size: Size) {
    let room = size as usize;
    let length = output.len() - at - room;
    match size {
        Size::Short if length < 1 << BITS => output[at] = length as u8,
        Size::Long if (1 << BITS..1 << (2 * BITS)).contains(&length) => {
            output[at] = length as u8 | 1 << BITS;
            output[at + 1] = (length >> BITS) as u8;
        }
        _ => {
            let mut needed = Vec::with_capacity(10);
            varint(length as u64, &mut needed);
            output.splice(at..at + room, needed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    /// A message of each kind of field that an answer has.
    #[derive(Clone, PartialEq, Message)]
    struct Example {
        #[prost(uint32, tag = "1")]
        number: u32,
        #[prost(string, tag = "2")]
        text: String,
        #[prost(string, repeated, tag = "3")]
        list: Vec<String>,
        #[prost(message, optional, boxed, tag = "15")]
        inner: Option<Box<Example>>,
    }

    fn write(output: &mut Vec<u8>, example: &Example, size: Size) {
        number(output, Tag::number(1), u64::from(example.number));
        made(output, Tag::bytes(2), size, |output| output.extend_from_slice(example.text.as_bytes()));
        for entry in &example.list {
            element(output, Tag::bytes(3), entry);
        }
        if let Some(inner) = &example.inner {
            message(output, Tag::bytes(15), size, |output| write(output, inner, size));
        }
    }

    #[test]
    fn every_length_is_written_as_prost_writes_it() {
        for length in
            [0, 1, 50, 122, 123, 124, 125, 126, 127, 128, 129, 16_370, 16_380, 16_383, 16_384, 3_000_000]
        {
            let text = "x".repeat(length);
            let inner = Example { number: length as u32, text: text.clone(), ..Example::default() };
            let list = vec![String::new(), text];
            let example = Example { list, inner: Some(Box::new(inner)), ..Example::default() };
            for size in [Size::Short, Size::Long] {
                let mut output = b"before".to_vec();
                write(&mut output, &example, size);
                assert_eq!(output[6..], example.encode_to_vec(), "{length} {size:?}");
            }
        }
    }
}
