//! Collects `migrations/*.sql` in order of their numbers, so that the binary carries its own schema.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../../migrations");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("migrations/ stands at the top of the project")
        .map(|e| e.expect("a readable entry").path())
        .filter(|p| p.extension().is_some_and(|x| x == "sql"))
        .collect();
    files.sort();
    let mut code = String::from("&[");
    for file in files {
        let file = file.canonicalize().expect("exists");
        println!("cargo:rerun-if-changed={}", file.display());
        let name = file.file_stem().expect("has a name").to_string_lossy().into_owned();
        let number: i64 = name.split('_').next().and_then(|n| n.parse().ok()).expect("NNNN_name.sql");
        write!(code, "({number}, {name:?}, include_str!({:?})),", file.display().to_string()).expect("to a string");
    }
    code.push(']');
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo")).join("migrations.rs");
    fs::write(out, code).expect("OUT_DIR is writable");
}
