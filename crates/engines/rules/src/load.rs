//! Programmes from a directory, and the ones that the binary carries.

use std::path::{Path, PathBuf};

use crate::check::ProgrammeError;
use crate::programme::Programme;

/// A programme with the text it was read from; the text is what a decision's hash is of.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The TOML text.
    pub text: String,
    /// The same, read and checked.
    pub programme: Programme,
}

/// Why a directory cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or directory cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A programme is wrong.
    #[error("{path}: {source}")]
    Programme {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: ProgrammeError,
    },
    /// The directory and the id inside say different things.
    #[error("{path}: the directory must be named like the programme's id, {id:?}")]
    Name {
        /// Which file.
        path: PathBuf,
        /// The id inside.
        id: String,
    },
}

/// Reads `<path>/*/programme.toml`, in order of name.
pub fn load_dir(path: &Path) -> Result<Vec<Loaded>, LoadError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| LoadError::Io { path, source }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io(path))? {
        let file = entry.map_err(io(path))?.path().join("programme.toml");
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).map_err(io(&path))?;
        let programme =
            Programme::parse(&text).map_err(|source| LoadError::Programme { path: path.clone(), source })?;
        let directory = path.parent().and_then(Path::file_name).and_then(|n| n.to_str());
        if directory != Some(programme.id.as_str()) {
            return Err(LoadError::Name { path, id: programme.id });
        }
        Ok(Loaded { text, programme })
    };
    files.into_iter().map(read).collect()
}

/// The programmes that the binary carries: id and TOML text.
pub fn bundled() -> &'static [(&'static str, &'static str)] {
    &[
        ("present-2026", include_str!("../../../../programmes/present-2026/programme.toml")),
        ("tianjin-2018", include_str!("../../../../programmes/tianjin-2018/programme.toml")),
    ]
}

/// The calendar that the binary carries; read it with [`crate::calendar::parse`].
pub fn bundled_calendar() -> &'static str {
    include_str!("../../../../programmes/calendar.toml")
}
