//! Names, zero values, request and response types, and a comment on every element.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::field_descriptor_proto::Label;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileOptions, MethodDescriptorProto,
    ServiceDescriptorProto,
};

use super::{PACKAGE, api};

// Numbers of the fields of the descriptor messages, of which the paths of comments are made.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const FIELDS: i32 = 2;
const METHODS: i32 = 2;
const VALUES: i32 = 2;
const NESTED_MESSAGES: i32 = 3;
const NESTED_ENUMS: i32 = 4;
const ONEOFS: i32 = 8;

#[derive(Default)]
struct Linter {
    faults: Vec<String>,
    /// Paths of the elements of the file at hand that have a comment.
    commented: BTreeSet<Vec<i32>>,
    /// Every use of a message as a request or response.
    messages_of_methods: BTreeMap<String, Vec<String>>,
    /// What the first file of the package states, once it is read.
    options: Option<Option<FileOptions>>,
}

#[test]
fn the_protos_keep_the_lint_rules() {
    let mut linter = Linter::default();
    let files = api();
    for file in &files {
        linter.file(file);
    }
    linter.unique_requests_and_responses();
    linter.used_imports(&files);
    assert!(linter.faults.is_empty(), "{:#?}", linter.faults);
}

#[test]
fn each_kind_of_fault_is_found() {
    let value = |name: &str, number| prost_types::EnumValueDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        options: None,
    };
    let field = prost_types::FieldDescriptorProto {
        name: Some("badName".to_owned()),
        label: Some(Label::Required.into()),
        ..Default::default()
    };
    let message =
        DescriptorProto { name: Some("bad_message".to_owned()), field: vec![field], ..Default::default() };
    let enumeration = EnumDescriptorProto {
        name: Some("RouteKind".to_owned()),
        value: vec![value("ROUTE_KIND_NONE", 0), value("kind_iv", 1)],
        ..Default::default()
    };
    let method = MethodDescriptorProto {
        name: Some("getRule".to_owned()),
        input_type: Some(".p.Rule".to_owned()),
        output_type: Some(".p.Rule".to_owned()),
        ..Default::default()
    };
    let service =
        ServiceDescriptorProto { name: Some("rules".to_owned()), method: vec![method], ..Default::default() };
    let mut linter = Linter { options: Some(None), ..Default::default() };
    linter.file(&FileDescriptorProto {
        name: Some("other/Bad.proto".to_owned()),
        options: Some(FileOptions::default()),
        message_type: vec![message],
        enum_type: vec![enumeration],
        service: vec![service],
        ..Default::default()
    });
    let faults = linter.faults.join("\n");
    for rule in [
        "PACKAGE_DEFINED",
        "PACKAGE_SAME_*",
        "PACKAGE_DIRECTORY_MATCH",
        "FILE_LOWER_SNAKE_CASE",
        "SYNTAX_SPECIFIED",
        "bad_message: MESSAGE_PASCAL_CASE",
        "bad_message: COMMENT",
        "badName: FIELD_LOWER_SNAKE_CASE",
        "badName: COMMENT",
        "badName: FIELD_NOT_REQUIRED",
        "ROUTE_KIND_NONE: ENUM_ZERO_VALUE_SUFFIX",
        "kind_iv: ENUM_VALUE_UPPER_SNAKE_CASE",
        "kind_iv: ENUM_VALUE_PREFIX",
        "kind_iv: COMMENT",
        "rules: SERVICE_PASCAL_CASE",
        "rules: SERVICE_SUFFIX",
        "rules.getRule: RPC_PASCAL_CASE",
        "rules.getRule: RPC_REQUEST_STANDARD_NAME",
    ] {
        assert!(faults.contains(rule), "{rule} was not found in:\n{faults}");
    }
}

impl Linter {
    fn expect(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }

    fn comment(&mut self, path: &[i32], what: &str) {
        let commented = self.commented.contains(path);
        self.expect(commented, || format!("{what}: COMMENT is missing"));
    }

    fn file(&mut self, file: &FileDescriptorProto) {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let commented = locations.filter(|location| !location.leading_comments().trim().is_empty());
        self.commented = commented.map(|location| location.path.clone()).collect();
        // Of one package in one folder follow DIRECTORY_SAME_PACKAGE, PACKAGE_SAME_DIRECTORY and
        // PACKAGE_NO_IMPORT_CYCLE; of this very name PACKAGE_LOWER_SNAKE_CASE and PACKAGE_VERSION_SUFFIX.
        self.expect(file.package() == PACKAGE, || format!("{}: PACKAGE_DEFINED", file.name()));
        // Every file states the same options, so code is generated alike for all (PACKAGE_SAME_GO_PACKAGE and its kin).
        let of_package = self.options.get_or_insert_with(|| file.options.clone()).clone();
        self.expect(file.options == of_package, || format!("{}: PACKAGE_SAME_* differs", file.name()));
        let folder = PACKAGE.replace('.', "/");
        let (path, base) = file.name().rsplit_once('/').unwrap_or(("", file.name()));
        self.expect(path == folder, || format!("{}: PACKAGE_DIRECTORY_MATCH", file.name()));
        let stem = base.trim_end_matches(".proto");
        self.expect(is_lower_snake(stem), || format!("{}: FILE_LOWER_SNAKE_CASE", file.name()));
        self.expect(file.syntax() == "proto3", || format!("{}: SYNTAX_SPECIFIED", file.name()));
        let public = file.public_dependency.is_empty() && file.weak_dependency.is_empty();
        self.expect(public, || format!("{}: IMPORT_NO_PUBLIC, IMPORT_NO_WEAK", file.name()));
        for (index, message) in file.message_type.iter().enumerate() {
            self.message(message, &[MESSAGES, index as i32], PACKAGE);
        }
        for (index, enumeration) in file.enum_type.iter().enumerate() {
            self.enumeration(enumeration, &[ENUMS, index as i32]);
        }
        for (index, service) in file.service.iter().enumerate() {
            self.service(service, index as i32);
        }
    }

    fn message(&mut self, message: &DescriptorProto, path: &[i32], parent: &str) {
        let name = format!("{parent}.{}", message.name());
        self.expect(is_pascal(message.name()), || format!("{name}: MESSAGE_PASCAL_CASE"));
        let is_map_entry = message.options.as_ref().is_some_and(|options| options.map_entry());
        if is_map_entry {
            return;
        }
        self.comment(path, &name);
        for (index, field) in message.field.iter().enumerate() {
            let field_name = format!("{name}.{}", field.name());
            self.expect(is_lower_snake(field.name()), || format!("{field_name}: FIELD_LOWER_SNAKE_CASE"));
            self.expect(field.label() != Label::Required, || format!("{field_name}: FIELD_NOT_REQUIRED"));
            self.comment(&below(path, FIELDS, index), &field_name);
        }
        // The compiler wraps an `optional` field into a oneof of its own, which has no comment.
        let synthetic = message.field.iter().filter(|field| field.proto3_optional()).count();
        let real = message.oneof_decl.len() - synthetic;
        for (index, oneof) in message.oneof_decl.iter().take(real).enumerate() {
            let oneof_name = format!("{name}.{}", oneof.name());
            self.expect(is_lower_snake(oneof.name()), || format!("{oneof_name}: ONEOF_LOWER_SNAKE_CASE"));
            self.comment(&below(path, ONEOFS, index), &oneof_name);
        }
        for (index, nested) in message.nested_type.iter().enumerate() {
            self.message(nested, &below(path, NESTED_MESSAGES, index), &name);
        }
        for (index, nested) in message.enum_type.iter().enumerate() {
            self.enumeration(nested, &below(path, NESTED_ENUMS, index));
        }
    }

    fn enumeration(&mut self, enumeration: &EnumDescriptorProto, path: &[i32]) {
        let name = enumeration.name();
        self.comment(path, name);
        self.expect(is_pascal(name), || format!("{name}: ENUM_PASCAL_CASE"));
        let alias = enumeration.options.as_ref().is_some_and(|options| options.allow_alias());
        self.expect(!alias, || format!("{name}: ENUM_NO_ALLOW_ALIAS"));
        let prefix = upper_snake(name);
        for (index, value) in enumeration.value.iter().enumerate() {
            let value_name = value.name();
            self.comment(&below(path, VALUES, index), value_name);
            self.expect(is_upper_snake(value_name), || format!("{value_name}: ENUM_VALUE_UPPER_SNAKE_CASE"));
            let prefixed = value_name.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('_'));
            self.expect(prefixed, || format!("{value_name}: ENUM_VALUE_PREFIX {prefix}_"));
            let is_zero = value.number() == 0;
            self.expect(is_zero == (index == 0), || format!("{value_name}: ENUM_FIRST_VALUE_ZERO"));
            let suffixed = value_name.ends_with("_UNSPECIFIED");
            self.expect(is_zero == suffixed, || format!("{value_name}: ENUM_ZERO_VALUE_SUFFIX"));
        }
    }

    fn service(&mut self, service: &ServiceDescriptorProto, index: i32) {
        let name = service.name();
        self.comment(&[SERVICES, index], name);
        self.expect(is_pascal(name), || format!("{name}: SERVICE_PASCAL_CASE"));
        self.expect(name.ends_with("Service"), || format!("{name}: SERVICE_SUFFIX"));
        for (method_index, method) in service.method.iter().enumerate() {
            self.comment(
                &below(&[SERVICES, index], METHODS, method_index),
                &format!("{name}.{}", method.name()),
            );
            self.method(service, method);
        }
    }

    fn method(&mut self, service: &ServiceDescriptorProto, method: &MethodDescriptorProto) {
        let name = format!("{}.{}", service.name(), method.name());
        self.expect(is_pascal(method.name()), || format!("{name}: RPC_PASCAL_CASE"));
        let standard = [format!("{}Request", method.name()), format!("{name}Request").replace('.', "")];
        let request = short(method.input_type());
        self.expect(standard.iter().any(|standard| standard == request), || {
            format!("{name}: RPC_REQUEST_STANDARD_NAME, not {request}")
        });
        for message in [method.input_type(), method.output_type()] {
            self.messages_of_methods.entry(message.to_owned()).or_default().push(name.clone());
        }
    }

    /// RPC_REQUEST_RESPONSE_UNIQUE for the messages made for methods; resources are answered by several.
    fn unique_requests_and_responses(&mut self) {
        for (message, methods) in std::mem::take(&mut self.messages_of_methods) {
            let own = message.ends_with("Request") || message.ends_with("Response");
            self.expect(!own || methods.len() == 1, || {
                format!("{message}: RPC_REQUEST_RESPONSE_UNIQUE, used by {methods:?}")
            });
        }
    }

    fn used_imports(&mut self, files: &[FileDescriptorProto]) {
        let homes: BTreeMap<String, &str> = files.iter().flat_map(defined).collect();
        for file in files {
            let used: BTreeSet<&str> =
                types_named(file).iter().filter_map(|name| homes.get(name).copied()).collect();
            for import in file.dependency.iter().filter(|import| import.starts_with("infusion/")) {
                self.expect(used.contains(import.as_str()), || {
                    format!("{}: IMPORT_USED {import}", file.name())
                });
            }
        }
    }
}

/// The top-level types of a file with the file's name.
fn defined(file: &FileDescriptorProto) -> impl Iterator<Item = (String, &str)> {
    let messages = file.message_type.iter().map(DescriptorProto::name);
    let names = messages.chain(file.enum_type.iter().map(EnumDescriptorProto::name));
    names.map(move |name| (format!(".{}.{name}", file.package()), file.name()))
}

fn types_named(file: &FileDescriptorProto) -> Vec<String> {
    let fields = file.message_type.iter().flat_map(|message| &message.field);
    let methods = file.service.iter().flat_map(|service| &service.method);
    let of_methods = methods.flat_map(|method| [method.input_type(), method.output_type()]);
    fields.map(|field| field.type_name()).chain(of_methods).map(str::to_owned).collect()
}

fn below(path: &[i32], kind: i32, index: usize) -> Vec<i32> {
    [path, &[kind, index as i32]].concat()
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_lower_snake(name: &str) -> bool {
    let characters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    characters && !name.contains("__") && !name.starts_with('_') && !name.ends_with('_')
}

fn is_upper_snake(name: &str) -> bool {
    is_lower_snake(&name.to_ascii_lowercase()) && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// `CoveredEntityType` as `COVERED_ENTITY_TYPE`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, c) in name.char_indices() {
        if index > 0 && c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_uppercase());
    }
    snake
}
