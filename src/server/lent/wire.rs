//! Protobuf read from borrowed bytes, and written.

use super::Lent;

/// Bytes of a number of 32 bits on the wire, at most.
const NUMBER_BYTES_MAX: usize = 5;
/// What the first length fits in that needs more than one byte.
const ONE_BYTE_END: u64 = 0x80;

/// The rest of a message on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    rest: &'a [u8],
}

impl<'a> Wire<'a> {
    /// A whole message.
    pub const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes that are left.
    pub const fn len(&self) -> usize {
        self.rest.len()
    }

    /// A number of at most 32 bits; nothing where it is longer or broken off.
    #[inline]
    pub fn varint(&mut self) -> Option<u32> {
        let (&first, rest) = self.rest.split_first()?;
        if u64::from(first) < ONE_BYTE_END {
            self.rest = rest;
            return Some(u32::from(first));
        }
        let mut number = 0_u64;
        for (index, &byte) in self.rest.iter().enumerate().take(NUMBER_BYTES_MAX) {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if u64::from(byte) < ONE_BYTE_END {
                self.rest = &self.rest[index + 1..];
                return u32::try_from(number).ok();
            }
        }
        None
    }

    /// Bytes with their length before them.
    #[inline]
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.varint()? as usize;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A text.
    #[inline]
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// A message within this one.
    #[inline]
    pub fn message<M: Lent<'a>>(&mut self, into: &mut M) -> Option<()> {
        into.read_wire(Self::of(self.bytes()?))
    }

    /// Values of an enum that are packed together.
    pub fn choices(&mut self, into: &mut Vec<i32>) -> Option<()> {
        let mut packed = Self::of(self.bytes()?);
        while !packed.is_empty() {
            into.push(packed.varint()? as i32);
        }
        Some(())
    }
}

/// Writes fields by their keys, each a field's number and its wire type.
pub mod write {
    use super::{Lent, ONE_BYTE_END};

    /// A number.
    #[inline]
    pub fn varint(mut number: u64, output: &mut Vec<u8>) {
        while number >= ONE_BYTE_END {
            output.push(number as u8 | 0x80);
            number >>= 7;
        }
        output.push(number as u8);
    }

    /// A field that holds a number.
    #[inline]
    pub fn number(key: u32, number: u64, output: &mut Vec<u8>) {
        varint(key.into(), output);
        varint(number, output);
    }

    /// A field that holds a text.
    #[inline]
    pub fn text(key: u32, text: &str, output: &mut Vec<u8>) {
        varint(key.into(), output);
        varint(text.len() as u64, output);
        output.extend_from_slice(text.as_bytes());
    }

    /// A field that holds a message.
    #[inline]
    pub fn message<'a>(key: u32, inner: &impl Lent<'a>, output: &mut Vec<u8>) {
        delimited(key, output, |output| inner.write_wire(output));
    }

    /// A field that holds the values of an enum, packed together; no field where there is none.
    pub fn choices(key: u32, numbers: &[i32], output: &mut Vec<u8>) {
        if !numbers.is_empty() {
            delimited(key, output, |output| {
                for number in numbers {
                    varint(*number as u64, output);
                }
            });
        }
    }

    /// A field whose length is known once its content is written: most lengths take the one byte that is left
    /// for them, and the content is moved for a longer one.
    #[inline]
    pub fn delimited(key: u32, output: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
        varint(key.into(), output);
        let start = output.len() + 1;
        output.push(0);
        content(output);
        let length = (output.len() - start) as u64;
        output[start - 1] = length as u8 | if length < ONE_BYTE_END { 0 } else { 0x80 };
        if length >= ONE_BYTE_END {
            let end = output.len();
            varint(length >> 7, output);
            // The rest of the length was written behind the content, and belongs before it.
            let moved = output.len() - end;
            output[start..].rotate_right(moved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_what_is_no_number_of_32_bits_is_left() {
        for number in [0, 1, 127, 128, 300, u32::MAX] {
            let mut bytes = Vec::new();
            write::varint(number.into(), &mut bytes);
            let mut wire = Wire::of(&bytes);
            assert_eq!((wire.varint(), wire.is_empty()), (Some(number), true));
        }
        for left in [&[0x80][..], &[0xff, 0xff, 0xff, 0xff, 0x1f], &[0x80; 10], &[]] {
            assert_eq!(Wire::of(left).varint(), None, "{left:?}");
        }
    }

    #[test]
    fn a_length_of_any_size_stands_before_its_content() {
        for length in [0, 127, 128, 16_383, 16_384] {
            let content: Vec<u8> = (0..length).map(|at: u32| at as u8).collect();
            let mut bytes = Vec::new();
            write::delimited(10, &mut bytes, |output| output.extend_from_slice(&content));
            let mut wire = Wire::of(&bytes);
            assert_eq!(wire.varint(), Some(10));
            assert_eq!((wire.bytes(), wire.is_empty()), (Some(content.as_slice()), true));
        }
    }
}
