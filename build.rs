//! Compiles the protos without an installed `protoc`, and embeds the policy files.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/lent.rs"]
mod lent;
#[path = "build/nested.rs"]
mod nested;
#[path = "build/proto.rs"]
mod proto;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    embed_policy_files(&out)?;
    proto::compile(&out)?;
    Ok(())
}

/// Lists `citations.toml`, `params/*.toml` and `payers/*.toml`, so that a new file is a data change.
fn embed_policy_files(out: &Path) -> Result<(), Box<dyn Error>> {
    let catalog = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("catalog");
    let mut files = vec![("citations.toml".to_owned(), catalog.join("citations.toml"))];
    for folder in ["params", "payers"] {
        println!("cargo:rerun-if-changed=catalog/{folder}");
        for entry in fs::read_dir(catalog.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".toml") {
                files.push((format!("{folder}/{name}"), entry.path()));
            }
        }
    }
    files.sort();
    let mut code = String::from("pub const FILES: &[(&str, &str)] = &[\n");
    for (name, path) in files {
        println!("cargo:rerun-if-changed={}", path.display());
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.display().to_string())?;
    }
    code.push_str("];\n");
    fs::write(out.join("policy_files.rs"), code)?;
    Ok(())
}
