//! Everything that a release published stays: names, numbers and types.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, ServiceDescriptorProto};

use super::api;

/// Set to write the baseline of a new release: `UPDATE_PROTO_BASELINE=1 cargo test proto_hygiene`.
const UPDATE: &str = "UPDATE_PROTO_BASELINE";

/// What the last release published, one fact a line; a line may be added and never go.
fn baseline_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("proto/baseline.txt")
}

#[test]
fn nothing_published_is_taken_back() {
    let now = published();
    if std::env::var_os(UPDATE).is_some() {
        let lines: Vec<&str> = now.iter().map(String::as_str).collect();
        fs::write(baseline_file(), lines.join("\n") + "\n").expect("the baseline can be written");
    }
    let baseline = fs::read_to_string(baseline_file()).expect("proto/baseline.txt is committed");
    let gone: Vec<&str> = baseline.lines().filter(|line| !now.contains(*line)).collect();
    assert!(
        gone.is_empty(),
        "clients of the last release would break; keep these, or publish a new package version: {gone:#?}"
    );
}

/// Every fact that a client's generated code or stored bytes rely on.
fn published() -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for file in api() {
        for message in &file.message_type {
            message_facts(message, file.package(), file.name(), &mut facts);
        }
        for enumeration in &file.enum_type {
            enum_facts(enumeration, file.package(), file.name(), &mut facts);
        }
        for service in &file.service {
            service_facts(service, file.package(), file.name(), &mut facts);
        }
    }
    facts
}

fn message_facts(message: &DescriptorProto, parent: &str, file: &str, facts: &mut BTreeSet<String>) {
    let name = format!("{parent}.{}", message.name());
    facts.insert(format!("message {name} in {file}"));
    for field in &message.field {
        facts.insert(format!("field {name} {}", field_fact(field, message)));
    }
    for nested in &message.nested_type {
        message_facts(nested, &name, file, facts);
    }
    for nested in &message.enum_type {
        enum_facts(nested, &name, file, facts);
    }
}

fn field_fact(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let kind = match field.type_name() {
        "" => format!("{:?}", field.r#type()),
        name => name.trim_start_matches('.').to_owned(),
    };
    let label = if field.proto3_optional() { "Explicit".to_owned() } else { format!("{:?}", field.label()) };
    let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
    let oneof = oneof.and_then(|index| message.oneof_decl.get(index as usize));
    let oneof = oneof.map(|oneof| format!(" in oneof {}", oneof.name())).unwrap_or_default();
    format!("{} = {}: {label} {kind}, JSON {}{oneof}", field.name(), field.number(), field.json_name())
}

fn enum_facts(enumeration: &EnumDescriptorProto, parent: &str, file: &str, facts: &mut BTreeSet<String>) {
    let name = format!("{parent}.{}", enumeration.name());
    facts.insert(format!("enum {name} in {file}"));
    for value in &enumeration.value {
        facts.insert(format!("value {name} {} = {}", value.name(), value.number()));
    }
}

fn service_facts(service: &ServiceDescriptorProto, package: &str, file: &str, facts: &mut BTreeSet<String>) {
    let name = format!("{package}.{}", service.name());
    facts.insert(format!("service {name} in {file}"));
    for method in &service.method {
        let stream = |is_stream| if is_stream { "stream " } else { "" };
        facts.insert(format!(
            "method {name}.{}({}{}) returns {}{}",
            method.name(),
            stream(method.client_streaming()),
            method.input_type(),
            stream(method.server_streaming()),
            method.output_type(),
        ));
    }
}
