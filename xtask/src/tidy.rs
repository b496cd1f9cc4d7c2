//! `cargo xtask tidy`: what no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::edges;
use crate::run::root;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// Longer than the rule allows, with the reason. This list may only shrink.
const LONG_FILES: &[&str] = &[];
const LONG_FUNCTIONS: &[&str] = &[];

pub fn run() -> Result<()> {
    let found = complaints()?;
    if found.is_empty() {
        return Ok(());
    }
    bail!("tidy:\n  {}", found.join("\n  "));
}

fn complaints() -> Result<Vec<String>> {
    let mut out = edges::breaches()?;
    for path in sources(&root()) {
        let text = fs::read_to_string(&path)?;
        let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        if path.extension().is_some_and(|x| x == "rs") {
            rust_file(&name, &text, &mut out);
        }
        prose(&name, &text, &mut out);
    }
    documents(&mut out)?;
    Ok(out)
}

/// Where addresses are given to handlers: everything else goes through `web::Route`, which names its action and stands
/// behind the gate. With the reason of each.
const ROUTERS: [&str; 3] = [
    // The gate itself.
    "crates/base/web/src/route.rs",
    // `/assets/{*path}`: style sheets, scripts and pictures, the same for everybody.
    "crates/app/src/server.rs",
    // The bare handler that pages are measured against; it is never served to anybody.
    "crates/app/src/bench/web.rs",
];

/// Does it hang a handler at an address?
fn gives_addresses(text: &str) -> bool {
    let calls = [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("];
    text.contains("axum") && calls.iter().any(|c| text.contains(c))
}

fn rust_file(name: &str, text: &str, out: &mut Vec<String>) {
    let in_program = name.starts_with("crates/") && !name.contains("/tests/");
    if in_program && gives_addresses(text) && !ROUTERS.contains(&name) {
        out.push(format!("{name}: gives an address to a handler beside web::Route, so without an action"));
    }
    let lines: Vec<&str> = text.lines().collect();
    if !text.starts_with("//!") {
        out.push(format!("{name}: does not open with //! and what it is for"));
    }
    if lines.len() > FILE_LINES_MAX && !LONG_FILES.contains(&name) {
        out.push(format!("{name}: {} lines, at most {FILE_LINES_MAX}", lines.len()));
    }
    if text.contains("#[allow(") && !text.contains("reason = ") {
        out.push(format!("{name}: #[allow] without a reason"));
    }
    for (at, length, title) in functions(&lines) {
        let id = format!("{name}::{title}");
        if length > FUNCTION_LINES_MAX && !LONG_FUNCTIONS.contains(&id.as_str()) {
            out.push(format!("{name}:{at}: {title} has {length} lines, at most {FUNCTION_LINES_MAX}"));
        }
    }
    let pure = name.contains("/engines/") || name.ends_with("/model.rs") || name.contains("/rules/");
    let in_tests = name.contains("/tests/") || name.contains("/examples/") || name.contains("/benches/");
    if pure && !in_tests {
        for forbidden in ["use sqlx", "use axum", "use tokio", "SystemTime::now"] {
            if text.contains(forbidden) {
                out.push(format!("{name}: is pure and may not contain {forbidden:?}"));
            }
        }
    }
}

/// Line, length and name of each function, by rustfmt's indentation: from `fn` to the brace in the same column.
fn functions(lines: &[&str]) -> Vec<(usize, usize, String)> {
    let mut out = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let head = trimmed.split('(').next().unwrap_or("");
        let Some(at) = head.find("fn ") else { continue };
        let before = &head[..at];
        let is_function = before
            .split_whitespace()
            .all(|w| w.starts_with("pub") || matches!(w, "async" | "const" | "unsafe" | "extern"));
        let on_one_line = trimmed.ends_with('}') && trimmed.contains('{');
        if !is_function || on_one_line || trimmed.starts_with("//") {
            continue;
        }
        let name = head[at + 3..].split(['<', ' ']).next().unwrap_or("").to_owned();
        let close = format!("{}}}", " ".repeat(indent));
        if let Some(end) = lines[i..].iter().position(|l| *l == close) {
            out.push((i + 1, end + 1, name));
        }
    }
    out
}

fn prose(name: &str, text: &str, out: &mut Vec<String>) {
    // Spelled in pieces so that this file does not find itself.
    let unwanted = [
        ["/wo", "rk/"].concat(),
        ["/ro", "ot/"].concat(),
        ["/ho", "me/"].concat(),
        ["crates", ".io"].concat(),
        ["registry.", "npmjs"].concat(),
        ["pypi", ".org"].concat(),
    ];
    for (i, line) in text.lines().enumerate() {
        for word in &unwanted {
            if line.contains(word.as_str()) {
                out.push(format!("{name}:{}: names a machine's path or a registry: {word}", i + 1));
            }
        }
    }
}

/// Paths that the documents name must exist.
fn documents(out: &mut Vec<String>) -> Result<()> {
    for doc in ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "STYLE.md"] {
        let path = root().join(doc);
        let Ok(text) = fs::read_to_string(&path) else {
            out.push(format!("{doc} is missing"));
            continue;
        };
        for word in text.split('`').skip(1).step_by(2) {
            let looks_like_path = word.contains('/')
                && !word.contains([' ', '{', '<', '*', '=', ':', '$'])
                && !word.starts_with(['/', '-', '@']);
            if looks_like_path && !root().join(word.trim_end_matches('/')).exists() {
                out.push(format!("{doc} names `{word}`, which does not exist"));
            }
        }
    }
    Ok(())
}

fn sources(root: &Path) -> Vec<PathBuf> {
    let output = std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
    let Ok(output) = output else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = ["rs", "toml", "md", "sql", "html", "css", "js", "mjs", "json"];
    text.split('\0')
        .filter(|n| !n.is_empty() && !n.ends_with("package-lock.json") && !n.ends_with("Cargo.lock"))
        .map(|n| root.join(n))
        .filter(|p| p.exists() && p.extension().and_then(|x| x.to_str()).is_some_and(|x| wanted.contains(&x)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_beside_the_table_is_found() {
        let stray = "//! Pages.\nuse axum::Router;\nfn more(r: Router) -> Router { r.route(\"/more\", get(page)) }\n";
        let mut found = Vec::new();
        rust_file("crates/slices/orders/src/pages/more.rs", stray, &mut found);
        assert!(found.iter().any(|f| f.contains("beside web::Route")), "{found:?}");
        for known in ROUTERS {
            found.clear();
            rust_file(known, stray, &mut found);
            assert!(found.is_empty(), "{found:?}");
            let text = fs::read_to_string(root().join(known)).expect("an exception is a file that is there");
            assert!(gives_addresses(&text), "{known} needs no exception any more");
        }
    }
}
