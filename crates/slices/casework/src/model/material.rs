//! Papers that an enterprise hands in with its application, and its answers to defects. Pure.

use jiff::Timestamp;
use kernel::Lang;
use serde::{Deserialize, Serialize};
use store::DocumentKind;

/// Most papers of one application.
pub const MATERIALS_MAX: usize = 30;
/// Longest answer to a defect, and longest note to a paper, in characters.
pub const ANSWER_CHARS_MAX: usize = 1_000;

/// What a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaterialKind {
    /// 营业执照
    Licence,
    /// Answers a defect.
    Correction,
    /// Anything else.
    Other,
}

impl MaterialKind {
    /// Stable code, as stored.
    pub fn code(self) -> &'static str {
        match self {
            MaterialKind::Licence => "licence",
            MaterialKind::Correction => "correction",
            MaterialKind::Other => "other",
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            MaterialKind::Licence => lang.t("营业执照", "business licence"),
            MaterialKind::Correction => lang.t("补正材料", "paper for a correction"),
            MaterialKind::Other => lang.t("其他材料", "other paper"),
        }
    }
}

impl std::str::FromStr for MaterialKind {
    type Err = String;
    fn from_str(s: &str) -> Result<MaterialKind, String> {
        [MaterialKind::Licence, MaterialKind::Correction, MaterialKind::Other]
            .into_iter()
            .find(|k| k.code() == s)
            .ok_or_else(|| format!("{s:?} is no kind of material"))
    }
}

/// A document: what it was called and what it is. Its content is in the store of documents under its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// As the person named it.
    pub file_name: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Size.
    pub size_bytes: i64,
    /// What it is, by its content.
    pub kind: DocumentKind,
}

impl Document {
    /// A document that is stored under `file_name`.
    pub fn of(file_name: &str, blob: store::StoredBlob) -> Document {
        Document { file_name: file_name.to_owned(), sha256: blob.sha256, size_bytes: blob.size_bytes, kind: blob.kind }
    }
}

/// A paper of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// `mat_…`
    pub id: String,
    /// The case.
    pub case_id: String,
    /// What it is.
    pub kind: MaterialKind,
    /// The defect that it answers; empty where it answers none.
    pub item: String,
    /// The event that stated that defect; 0 where there is none.
    pub event_seq: i64,
    /// What the enterprise says of it.
    pub note: String,
    /// The document.
    pub document: Document,
    /// The account that added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// When the enterprise took it out again.
    pub removed_at: Option<Timestamp>,
}

/// What the enterprise says to one defect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefectAnswer {
    /// The defect's item.
    pub item: String,
    /// In its own words.
    pub answer: String,
}
