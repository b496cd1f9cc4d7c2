//! The allowed directions between our crates, held against `cargo metadata`: an edge that is not listed fails, and so
//! does a listed edge that nothing uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};
use serde::Deserialize;

use crate::run::root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Architecture {
    /// Crate → the crates of ours that it uses.
    edges: BTreeMap<String, Vec<String>>,
    /// May be used in tests only.
    test_only: Vec<String>,
}

/// Every breach, in words.
pub fn breaches() -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join("architecture.toml")).context("architecture.toml")?;
    let allowed: Architecture = toml::from_str(&text).context("architecture.toml")?;
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let mut out = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let Some(listed) = allowed.edges.get(name) else {
            out.push(format!("architecture.toml does not list the crate {name}"));
            continue;
        };
        let used: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development && ours.contains(d.name.as_str()))
            .map(|d| d.name.as_str())
            .collect();
        for edge in &used {
            if allowed.test_only.iter().any(|t| t == edge) {
                out.push(format!("{name} uses {edge} outside tests"));
            } else if !listed.iter().any(|l| l == edge) {
                out.push(format!("{name} uses {edge}, which architecture.toml does not allow"));
            }
        }
        out.extend(
            listed
                .iter()
                .filter(|l| !used.contains(l.as_str()))
                .map(|l| format!("{name} is allowed {l} and does not use it")),
        );
    }
    out.extend(
        allowed
            .edges
            .keys()
            .filter(|k| !ours.contains(k.as_str()))
            .map(|k| format!("architecture.toml lists {k}, which does not exist")),
    );
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn directions_are_kept() {
        let breaches = super::breaches().expect("readable");
        assert!(breaches.is_empty(), "{breaches:#?}");
    }
}
