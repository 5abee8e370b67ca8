//! Writes the lent form of the messages that a visit is made of: the same fields, their texts borrowed from
//! the bytes they were read from.
//!
//! Each message gets a reader of protobuf, a writer of it and a reader of JSON over `server::lent`. A message
//! without a text is read into the owned type itself.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::proto;

/// The message that holds all others of a visit.
const ROOT: &str = "StreamCodeEncountersRequest";
/// Fields of one message: as many as one word has bits, which tell whether a name occurred.
const FIELDS_MAX: usize = 64;

/// The wire types of protobuf that these messages use.
const VARINT: u32 = 0;
const DELIMITED: u32 = 2;

/// The code of every lent message.
pub fn messages(descriptors: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let known = Known::of(descriptors);
    let mut reached = Vec::new();
    known.reach(ROOT, &mut reached)?;
    let mut code = String::new();
    for name in &reached {
        known.message(name, &mut code)?;
    }
    for (name, enumeration) in &known.enums {
        let is_used = |field: &FieldDescriptorProto| field.r#type() == Type::Enum && short(field) == *name;
        if reached.iter().any(|message| known.messages[message].field.iter().any(is_used)) {
            write_enum(name, enumeration, &mut code)?;
        }
    }
    Ok(code)
}

/// The messages and enums by their name, and the fields that hold decimal numbers.
struct Known<'a> {
    messages: BTreeMap<&'a str, &'a DescriptorProto>,
    enums: BTreeMap<&'a str, &'a EnumDescriptorProto>,
    decimals: Vec<(&'a str, &'a str)>,
}

/// What a field holds.
enum Kind<'a> {
    Text,
    Decimal,
    Choice(&'a str),
    Message(&'a str),
    Count,
    Flag,
}

/// A field, and how often it occurs.
struct Field<'a> {
    name: &'a str,
    json_name: &'a str,
    number: u32,
    kind: Kind<'a>,
    is_list: bool,
    /// Whether absence differs from the default.
    is_optional: bool,
}

impl<'a> Known<'a> {
    fn of(descriptors: &'a FileDescriptorSet) -> Self {
        let mut known = Self { messages: BTreeMap::new(), enums: BTreeMap::new(), decimals: Vec::new() };
        for file in &descriptors.file {
            known.enums.extend(file.enum_type.iter().map(|enumeration| (enumeration.name(), enumeration)));
            for (index, message) in file.message_type.iter().enumerate() {
                known.messages.insert(message.name(), message);
                for (number, field) in message.field.iter().enumerate() {
                    if proto::is_decimal(file, index, number) {
                        known.decimals.push((message.name(), field.name()));
                    }
                }
            }
        }
        known
    }

    /// Lists a message and those that hang from it, each once.
    fn reach(&self, name: &str, reached: &mut Vec<&'a str>) -> Result<(), Box<dyn Error>> {
        let (name, message) = self.messages.get_key_value(name).ok_or("a message of the protos")?;
        if !reached.contains(name) {
            reached.push(name);
            for field in message.field.iter().filter(|field| field.r#type() == Type::Message) {
                self.reach(short(field), reached)?;
            }
        }
        Ok(())
    }

    fn fields(&self, message: &str) -> Result<Vec<Field<'a>>, Box<dyn Error>> {
        let fields = &self.messages[message].field;
        if fields.len() > FIELDS_MAX {
            return Err(format!("{message} has more than {FIELDS_MAX} fields").into());
        }
        let mut read = Vec::new();
        for field in fields {
            let kind = match field.r#type() {
                Type::String if self.decimals.contains(&(message, field.name())) => Kind::Decimal,
                Type::String => Kind::Text,
                Type::Enum => Kind::Choice(short(field)),
                Type::Message => Kind::Message(short(field)),
                Type::Uint32 => Kind::Count,
                Type::Bool => Kind::Flag,
                other => return Err(format!("{message}.{}: no lent form of {other:?}", field.name()).into()),
            };
            let is_list = field.label() == Label::Repeated;
            if is_list && matches!(kind, Kind::Decimal | Kind::Count | Kind::Flag) {
                return Err(format!("{message}.{}: no lent form of such a list", field.name()).into());
            }
            read.push(Field {
                name: field.name(),
                json_name: field.json_name(),
                number: u32::try_from(field.number())?,
                is_optional: field.proto3_optional() || field.r#type() == Type::Message,
                kind,
                is_list,
            });
        }
        read.sort_by_key(|field| field.number);
        Ok(read)
    }

    /// Whether a message holds a text somewhere, and so needs a lent form.
    fn has_text(&self, message: &str) -> Result<bool, Box<dyn Error>> {
        for field in self.fields(message)? {
            match field.kind {
                Kind::Text | Kind::Decimal => return Ok(true),
                Kind::Message(inner) if self.has_text(inner)? => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    }

    /// Whether a message holds no list, so that it can be copied.
    fn is_flat(&self, message: &str) -> Result<bool, Box<dyn Error>> {
        for field in self.fields(message)? {
            let nested = match field.kind {
                Kind::Message(inner) => !self.is_flat(inner)?,
                _ => false,
            };
            if field.is_list || nested {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn type_name(&self, message: &str) -> Result<String, Box<dyn Error>> {
        Ok(if self.has_text(message)? { format!("{message}<'a>") } else { format!("pb::{message}") })
    }

    fn message(&self, name: &str, code: &mut String) -> Result<(), Box<dyn Error>> {
        let fields = self.fields(name)?;
        if self.has_text(name)? {
            self.write_struct(name, &fields, code)?;
            self.write_from_owned(name, &fields, code)?;
        }
        writeln!(code, "impl<'a> Lent<'a> for {} {{", self.type_name(name)?)?;
        write_wire_reader(&fields, code)?;
        write_wire_writer(&fields, code)?;
        write_json_reader(&fields, code)?;
        writeln!(code, "}}")?;
        Ok(())
    }

    fn write_struct(&self, name: &str, fields: &[Field], code: &mut String) -> Result<(), Box<dyn Error>> {
        let copy = if self.is_flat(name)? { "Copy, " } else { "" };
        writeln!(code, "/// [`pb::{name}`], whose texts are borrowed.")?;
        writeln!(code, "#[derive(Debug, Clone, {copy}Default, PartialEq)]\npub struct {name}<'a> {{")?;
        for field in fields {
            let one = match field.kind {
                Kind::Text | Kind::Decimal => "&'a str".to_owned(),
                Kind::Choice(_) => "i32".to_owned(),
                Kind::Message(inner) => self.type_name(inner)?,
                Kind::Count => "u32".to_owned(),
                Kind::Flag => "bool".to_owned(),
            };
            let kind = match field {
                Field { is_list: true, .. } => format!("Vec<{one}>"),
                Field { is_optional: true, .. } => format!("Option<{one}>"),
                _ => one,
            };
            writeln!(code, "    pub {}: {kind},", field.name)?;
        }
        writeln!(code, "}}")?;
        Ok(())
    }

    fn write_from_owned(
        &self,
        name: &str,
        fields: &[Field],
        code: &mut String,
    ) -> Result<(), Box<dyn Error>> {
        writeln!(code, "impl<'a> From<&'a pb::{name}> for {name}<'a> {{")?;
        writeln!(code, "    fn from(owned: &'a pb::{name}) -> Self {{\n        Self {{")?;
        for field in fields {
            let at = format!("owned.{}", field.name);
            let lent = match field.kind {
                Kind::Text | Kind::Decimal if field.is_list => {
                    format!("{at}.iter().map(String::as_str).collect()")
                }
                Kind::Text | Kind::Decimal => format!("&{at}"),
                Kind::Message(inner) if self.has_text(inner)? && field.is_list => {
                    format!("{at}.iter().map(Into::into).collect()")
                }
                Kind::Message(inner) if self.has_text(inner)? => format!("{at}.as_ref().map(Into::into)"),
                _ => format!("{at}.clone()"),
            };
            writeln!(code, "            {}: {lent},", field.name)?;
        }
        writeln!(code, "        }}\n    }}\n}}")?;
        Ok(())
    }
}

fn write_wire_reader(fields: &[Field], code: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(code, "    fn read_wire(&mut self, mut wire: Wire<'a>) -> Option<()> {{")?;
    writeln!(code, "        while !wire.is_empty() {{\n            match wire.varint()? {{")?;
    for field in fields {
        let at = format!("self.{}", field.name);
        let assigned = |read: &str| match field {
            Field { is_list: true, .. } => format!("{at}.push({read})"),
            Field { is_optional: true, .. } => format!("{at} = Some({read})"),
            _ => format!("{at} = {read}"),
        };
        let (wire_type, read) = match field.kind {
            Kind::Text | Kind::Decimal => (DELIMITED, assigned("wire.text()?")),
            Kind::Message(_) if field.is_list => (DELIMITED, format!("wire.message(added(&mut {at}))?")),
            Kind::Message(_) => (DELIMITED, format!("wire.message(first(&mut {at})?)?")),
            Kind::Choice(_) => (VARINT, assigned("wire.varint()? as i32")),
            Kind::Count => (VARINT, assigned("wire.varint()?")),
            Kind::Flag => (VARINT, assigned("wire.varint()? != 0")),
        };
        writeln!(code, "                {} => {read},", key(field, wire_type))?;
        if field.is_list && wire_type == VARINT {
            writeln!(code, "                {} => wire.choices(&mut {at})?,", key(field, DELIMITED))?;
        }
    }
    writeln!(
        code,
        "                _ => return None,\n            }}\n        }}\n        Some(())\n    }}"
    )?;
    Ok(())
}

fn write_wire_writer(fields: &[Field], code: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(code, "    fn write_wire(&self, output: &mut Vec<u8>) {{")?;
    for field in fields {
        let at = format!("self.{}", field.name);
        let delimited = key(field, DELIMITED);
        let varint = key(field, VARINT);
        let written = match field.kind {
            Kind::Text | Kind::Decimal if field.is_list => {
                format!("for text in &{at} {{ write::text({delimited}, text, output); }}")
            }
            Kind::Text | Kind::Decimal => {
                format!("if !{at}.is_empty() {{ write::text({delimited}, {at}, output); }}")
            }
            Kind::Message(_) => {
                let each = if field.is_list { "for inner in" } else { "if let Some(inner) =" };
                format!("{each} &{at} {{ write::message({delimited}, inner, output); }}")
            }
            Kind::Choice(_) if field.is_list => format!("write::choices({delimited}, &{at}, output);"),
            Kind::Choice(_) | Kind::Count | Kind::Flag if field.is_optional => {
                format!("if let Some(number) = {at} {{ write::number({varint}, number as u64, output); }}")
            }
            Kind::Flag => format!("if {at} {{ write::number({varint}, 1, output); }}"),
            Kind::Choice(_) | Kind::Count => {
                format!("if {at} != 0 {{ write::number({varint}, {at} as u64, output); }}")
            }
        };
        writeln!(code, "        {written}")?;
    }
    writeln!(code, "    }}")?;
    Ok(())
}

fn write_json_reader(fields: &[Field], code: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(code, "    fn read_json(&mut self, json: &mut Json<'a>) -> Option<()> {{")?;
    writeln!(code, "        let mut seen = 0;\n        let mut more = json.opens(b'{{', b'}}')?;")?;
    writeln!(code, "        while more {{\n            match json.name()? {{")?;
    for (bit, field) in fields.iter().enumerate() {
        let at = format!("self.{}", field.name);
        let read = match field.kind {
            Kind::Text => "json.text()?".to_owned(),
            Kind::Decimal => "json.decimal()?".to_owned(),
            Kind::Choice(inner) => format!("json.choice({})?", function(inner)),
            Kind::Message(_) => String::new(),
            Kind::Count => "json.count()?".to_owned(),
            Kind::Flag => "json.flag()?".to_owned(),
        };
        let read = match (&field.kind, field.is_list) {
            (Kind::Message(_), true) => format!("json.list(|json| added(&mut {at}).read_json(json))?"),
            (Kind::Message(_), false) => format!("first(&mut {at})?.read_json(json)?"),
            (_, true) => format!("json.list(|json| {{ {at}.push({read}); Some(()) }})?"),
            (_, false) if field.is_optional => format!("{at} = Some({read})"),
            (_, false) => format!("{at} = {read}"),
        };
        let mut names = format!("b{:?}", field.json_name);
        if field.json_name != field.name {
            write!(names, " | b{:?}", field.name)?;
        }
        writeln!(code, "                {names} => if json.is_given(&mut seen, {bit})? {{ {read}; }},")?;
    }
    writeln!(
        code,
        "                _ => return None,\n            }}\n            more = json.goes_on(b'}}')?;"
    )?;
    writeln!(code, "        }}\n        Some(())\n    }}")?;
    Ok(())
}

/// The number of a value by its name, with and without its prefix.
fn write_enum(
    name: &str,
    enumeration: &EnumDescriptorProto,
    code: &mut String,
) -> Result<(), Box<dyn Error>> {
    let prefix = proto::value_prefix(enumeration)?;
    writeln!(code, "fn {}(name: &[u8]) -> Option<i32> {{\n    Some(match name {{", function(name))?;
    for value in &enumeration.value {
        let short = value.name().strip_prefix(&prefix).unwrap_or(value.name());
        writeln!(code, "        b{short:?} | b{:?} => {},", value.name(), value.number())?;
    }
    writeln!(code, "        _ => return None,\n    }})\n}}")?;
    Ok(())
}

/// The key of a field on the wire.
fn key(field: &Field, wire_type: u32) -> u32 {
    field.number << 3 | wire_type
}

/// The name of a field's message or enum without its package.
fn short(field: &FieldDescriptorProto) -> &str {
    field.type_name().rsplit('.').next().unwrap_or_default()
}

/// The name of the function that reads an enum: `access_reason` for `AccessReason`.
fn function(name: &str) -> String {
    let mut function = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !function.is_empty() {
            function.push('_');
        }
        function.push(letter.to_ascii_lowercase());
    }
    function
}
