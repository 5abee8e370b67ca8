//! API.md is made from the protos' own comments, and is current.

use std::fmt::Write;
use std::path::Path;

use infusion_coder::server::pb;
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};
use prost_types::{FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};

/// Set to write API.md anew in place of comparing it.
const BLESS: &str = "INFUSION_CODER_BLESS";

// Numbers of the fields of a descriptor, by which comments are found.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const MEMBERS: i32 = 2;

#[test]
fn the_api_reference_is_current() {
    let protos = FileDescriptorSet::decode(pb::DESCRIPTORS).expect("the descriptors");
    let text = reference(&protos);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("API.md");
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "API.md is not current; run `{BLESS}=1 cargo test --test all api_reference` and commit it"
    );
}

/// The whole reference: the services with their methods first, then messages and enums in the order of their files.
fn reference(protos: &FileDescriptorSet) -> String {
    let mut page = String::from(
        "# API\n\nThe gRPC API `infusion.coding.v1`, made from the comments of `proto/`; a test keeps it current. Dates are ISO texts, times are local \
         civil times,\namounts are decimal texts, never floating point. In JSON, names are lowerCamelCase and enum values need no prefix.\n",
    );
    let files: Vec<File<'_>> = protos.file.iter().map(File).collect();
    for file in &files {
        for (index, service) in file.0.service.iter().enumerate() {
            file.service(&mut page, index as i32, service);
        }
    }
    for file in &files {
        for (index, message) in file.0.message_type.iter().enumerate() {
            file.message(&mut page, index as i32, message);
        }
        for (index, enumeration) in file.0.enum_type.iter().enumerate() {
            file.enumeration(&mut page, index as i32, enumeration);
        }
    }
    page
}

struct File<'a>(&'a FileDescriptorProto);

impl File<'_> {
    fn service(&self, page: &mut String, index: i32, service: &ServiceDescriptorProto) {
        write_head(page, "service", service.name(), &self.comment(&[SERVICES, index]));
        page.push_str("\n| method | request | response | |\n|---|---|---|---|\n");
        for (method, at) in service.method.iter().zip(0..) {
            let stream = |streams: bool, name: &str| {
                let link = link(name);
                if streams { format!("stream of {link}") } else { link }
            };
            let request = stream(method.client_streaming(), method.input_type());
            let response = stream(method.server_streaming(), method.output_type());
            let comment = self.comment(&[SERVICES, index, MEMBERS, at]);
            writeln!(page, "| `{}` | {request} | {response} | {comment} |", method.name()).expect("a text");
        }
    }

    fn message(&self, page: &mut String, index: i32, message: &DescriptorProto) {
        write_head(page, "message", message.name(), &self.comment(&[MESSAGES, index]));
        if message.field.is_empty() {
            return;
        }
        page.push_str("\n| field | type | |\n|---|---|---|\n");
        for (field, at) in message.field.iter().zip(0..) {
            let comment = self.comment(&[MESSAGES, index, MEMBERS, at]);
            writeln!(page, "| `{}` = {} | {} | {comment} |", field.name(), field.number(), kind(field))
                .expect("a text");
        }
    }

    fn enumeration(&self, page: &mut String, index: i32, enumeration: &EnumDescriptorProto) {
        write_head(page, "enum", enumeration.name(), &self.comment(&[ENUMS, index]));
        page.push_str("\n| value | |\n|---|---|\n");
        for (value, at) in enumeration.value.iter().zip(0..) {
            let comment = self.comment(&[ENUMS, index, MEMBERS, at]);
            writeln!(page, "| `{}` = {} | {comment} |", value.name(), value.number()).expect("a text");
        }
    }

    /// The comment before a declaration, on one line.
    fn comment(&self, path: &[i32]) -> String {
        let info = self.0.source_code_info.as_ref().expect("the descriptors carry comments");
        let found = info.location.iter().find(|location| location.path == path);
        let text = found.map(|location| location.leading_comments().to_owned()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
    }
}

fn write_head(page: &mut String, kind: &str, name: &str, comment: &str) {
    assert!(!comment.is_empty(), "{name} has no comment");
    writeln!(page, "\n## {name}\n\n*{kind}.* {comment}").expect("a text");
}

fn kind(field: &FieldDescriptorProto) -> String {
    let one = match field.r#type() {
        Type::Message | Type::Enum => link(field.type_name()),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    match field.label() {
        Label::Repeated => format!("list of {one}"),
        _ if field.proto3_optional() => format!("{one}, optional"),
        _ => one,
    }
}

fn link(full_name: &str) -> String {
    let name = full_name.rsplit('.').next().unwrap_or_default();
    if full_name.starts_with(".infusion.") {
        format!("[{name}](#{})", name.to_lowercase())
    } else {
        name.to_owned()
    }
}
