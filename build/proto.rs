//! Compiles the protos, and gives every message the JSON mapping of proto3 through typed serde derives.
//!
//! JSON names are lowerCamelCase and read in snake_case too; enum values are printed without their
//! prefix and read with or without it; whole numbers are read as text too, and decimal numbers as JSON
//! numbers too; unknown fields are refused; arrays are always printed.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use tonic_prost_build::Builder;

use crate::{lent, nested};

const PROTOS: &str = "proto";
const PACKAGE: &str = "infusion.coding.v1";
const PACKAGE_FOLDER: &str = "proto/infusion/coding/v1";

/// Texts that hold a decimal number; their comment in the protos says so.
const DECIMAL_NUMBER: &str = "ecimal number";
/// Number of `FileDescriptorProto.message_type` and of `DescriptorProto.field` in a location's path.
const MESSAGE_TYPE: i32 = 4;
const MESSAGE_FIELD: i32 = 2;

pub fn compile(out: &Path) -> Result<(), Box<dyn Error>> {
    // tonic's own switch for this has no effect since 0.14.
    println!("cargo:rerun-if-changed={PROTOS}");
    let mut files: Vec<_> = fs::read_dir(PACKAGE_FOLDER)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    files.sort();
    let descriptors = protox::compile(&files, [PROTOS])?;
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    fs::write(out.join("enum_names.rs"), enum_names(&descriptors)?)?;
    fs::write(out.join("json_methods.rs"), json_methods(&descriptors)?)?;
    fs::write(out.join("lent.rs"), lent::messages(&descriptors)?)?;
    fs::write(out.join("nested.rs"), nested::table(&descriptors)?)?;
    let messages_and_clients = tonic_prost_build::configure().build_server(false);
    json_mapping(messages_and_clients, &descriptors).compile_fds(descriptors.clone())?;
    servers(out, descriptors)
}

/// The servers. A visit to be coded and its answer are bytes: neither is ever made into a message of its own. Other
/// requests that hold lists of messages are bytes until these are counted.
fn servers(out: &Path, descriptors: FileDescriptorSet) -> Result<(), Box<dyn Error>> {
    const ENCODED: &[&str] = &[
        "CodeEncounterRequest",
        "CodeEncounterResponse",
        "BatchCodeEncountersRequest",
        "BatchCodeEncountersResponse",
        "StreamCodeEncountersRequest",
        "StreamCodeEncountersResponse",
        "CalculateDrugLinesRequest",
        "AuditClaimRequest",
    ];
    let folder = out.join("servers");
    fs::create_dir_all(&folder)?;
    let mut builder = tonic_prost_build::configure().build_client(false).out_dir(folder);
    for message in ENCODED {
        let path = format!(".{PACKAGE}.{message}");
        builder = builder.extern_path(path, format!("crate::server::encoded::Encoded{message}"));
    }
    builder.extern_path(format!(".{PACKAGE}"), "crate::server::pb").compile_fds(descriptors)?;
    Ok(())
}

fn json_mapping(mut builder: Builder, descriptors: &FileDescriptorSet) -> Builder {
    for file in &descriptors.file {
        for (message_index, message) in file.message_type.iter().enumerate() {
            let path = format!(".{}.{}", file.package(), message.name());
            builder = builder.message_attribute(
                &path,
                "#[derive(serde::Serialize, serde::Deserialize)] \
                 #[serde(rename_all = \"camelCase\", deny_unknown_fields, default)]",
            );
            for (field_index, field) in message.field.iter().enumerate() {
                let attribute = field_attribute(field, is_decimal(file, message_index, field_index));
                builder = builder.field_attribute(format!("{path}.{}", field.name()), attribute);
            }
        }
    }
    builder
}

/// Whether a field holds a decimal number as text.
pub fn is_decimal(file: &FileDescriptorProto, message: usize, field: usize) -> bool {
    comment_of(file, message, field).contains(DECIMAL_NUMBER)
}

/// The comment above a field.
fn comment_of(file: &FileDescriptorProto, message: usize, field: usize) -> &str {
    let path = [MESSAGE_TYPE, message as i32, MESSAGE_FIELD, field as i32];
    let mut locations = file.source_code_info.iter().flat_map(|info| &info.location);
    locations.find(|location| location.path == path).map_or("", |location| location.leading_comments())
}

/// How a field is read and printed; `null` is read as an absent value everywhere.
fn field_attribute(field: &FieldDescriptorProto, is_decimal: bool) -> String {
    let mut serde = Vec::new();
    if field.json_name() != field.name() {
        serde.push(format!("rename = {:?}, alias = {:?}", field.json_name(), field.name()));
    }
    let repeated = field.label() == Label::Repeated;
    let optional = field.proto3_optional() || field.r#type() == Type::Message;
    if field.r#type() == Type::Enum {
        let name = field.type_name().rsplit('.').next().unwrap_or_default();
        let form = if repeated { "Names" } else { "Name" };
        serde.push(format!("with = \"crate::server::json::{form}::<{name}>\""));
        if !repeated {
            serde.push("skip_serializing_if = \"crate::server::json::is_unspecified\"".to_owned());
        }
    } else if is_decimal && !repeated {
        serde.push("deserialize_with = \"crate::server::json::decimal_text\"".to_owned());
    } else if field.r#type() == Type::Uint32 && !repeated {
        let reader = if optional { "optional_count" } else { "count" };
        serde.push(format!("deserialize_with = \"crate::server::json::{reader}\""));
    } else if field.r#type() == Type::Message {
        let reader = if repeated { "list" } else { "optional" };
        serde.push(format!("deserialize_with = \"crate::server::json_object::{reader}\""));
    } else if repeated || !optional {
        serde.push("deserialize_with = \"crate::server::json::null_as_default\"".to_owned());
    }
    if !repeated && optional {
        serde.push("skip_serializing_if = \"Option::is_none\"".to_owned());
    } else if !repeated && field.r#type() == Type::String {
        serde.push("skip_serializing_if = \"String::is_empty\"".to_owned());
    }
    if serde.is_empty() { String::new() } else { format!("#[serde({})]", serde.join(", ")) }
}

/// The unary methods by their path, for plain HTTP and JSON.
fn json_methods(descriptors: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let mut code = String::from("/// The unary methods by their path.\n");
    code += "pub static JSON_METHODS: &[(&str, crate::server::http_json::Transcoder)] = &[\n";
    for file in &descriptors.file {
        let own = |name: &str| name.strip_prefix(&format!(".{}.", file.package())).map(str::to_owned);
        for (service, method) in
            file.service.iter().flat_map(|service| service.method.iter().map(move |method| (service, method)))
        {
            let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
            let (request, answer) = (own(method.input_type()), own(method.output_type()));
            if let (false, false, Some(request), Some(answer)) =
                (method.client_streaming(), method.server_streaming(), request, answer)
            {
                let transcoder = format!("crate::server::http_json::Transcoder::of::<{request}, {answer}>()");
                writeln!(code, "    ({path:?}, {transcoder}),")?;
            }
        }
    }
    code += "];\n";
    Ok(code)
}

/// The value names of each enum without their prefix, for the JSON mapping.
fn enum_names(descriptors: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for enumeration in descriptors.file.iter().flat_map(|file| &file.enum_type) {
        let prefix = value_prefix(enumeration)?;
        writeln!(code, "impl crate::server::json::WireEnum for {} {{", enumeration.name())?;
        writeln!(code, "    const PREFIX: &'static str = {prefix:?};")?;
        writeln!(code, "    const NAMES: &'static [(&'static str, i32)] = &[")?;
        for value in &enumeration.value {
            let name = value
                .name()
                .strip_prefix(&prefix)
                .ok_or_else(|| format!("enum value {} must begin with {prefix}", value.name()))?;
            writeln!(code, "        ({name:?}, {}),", value.number())?;
        }
        writeln!(code, "    ];\n}}")?;
    }
    Ok(code)
}

/// What the lint rules want each value of an enum to begin with, read off its zero value.
pub fn value_prefix(enumeration: &EnumDescriptorProto) -> Result<String, Box<dyn Error>> {
    let zero = enumeration.value.first().map_or("", |value| value.name());
    let prefix = zero.strip_suffix("UNSPECIFIED");
    Ok(prefix
        .ok_or_else(|| format!("the zero value of {} must end with _UNSPECIFIED", enumeration.name()))?
        .to_owned())
}
