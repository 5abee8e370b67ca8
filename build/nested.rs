//! Writes which fields of each message hold messages, so that a request's messages can be counted before any is
//! made.

use std::error::Error;
use std::fmt::Write as _;

use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};

/// The table of every message: the numbers of its fields that hold messages, with the place of those in the table.
pub fn table(descriptors: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let messages: Vec<&DescriptorProto> =
        descriptors.file.iter().flat_map(|file| &file.message_type).collect();
    let mut code = String::from("static NESTED: &[&[(u64, usize)]] = &[\n");
    for message in &messages {
        code += "    &[";
        for field in message.field.iter().filter(|field| field.r#type() == Type::Message) {
            let name = field.type_name().rsplit('.').next().unwrap_or_default();
            // A message of another package, such as a time, holds none of these.
            if let Some(place) = messages.iter().position(|message| message.name() == name) {
                write!(code, "({}, {place}), ", field.number())?;
            }
        }
        code += "],\n";
    }
    code += "];\n";
    for (place, message) in messages.iter().enumerate() {
        writeln!(code, "impl Nested for pb::{} {{\n    const PLACE: usize = {place};\n}}", message.name())?;
    }
    Ok(code)
}
