//! Documents on disk, named by their content: checked for type and size, hashed, synced, never overwritten.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use kernel::Lang;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a document may be. Told by its first bytes, never by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// PDF
    Pdf,
    /// PNG picture
    Png,
    /// JPEG picture
    Jpeg,
    /// OFD, the national fixed-layout format (GB/T 33190), and other ZIP packages such as XLSX
    Zip,
}

impl DocumentKind {
    /// Told by the first bytes.
    pub fn sniff(bytes: &[u8]) -> Option<DocumentKind> {
        match bytes {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            _ => None,
        }
    }

    /// Which kind a file name claims.
    pub fn claimed(file_name: &str) -> Option<DocumentKind> {
        match file_name.rsplit('.').next()?.to_ascii_lowercase().as_str() {
            "pdf" => Some(Self::Pdf),
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "ofd" | "xlsx" | "zip" => Some(Self::Zip),
            _ => None,
        }
    }

    /// In words.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Pdf => lang.t("PDF 文档", "a PDF document"),
            Self::Png => lang.t("PNG 图片", "a PNG picture"),
            Self::Jpeg => lang.t("JPEG 图片", "a JPEG picture"),
            Self::Zip => lang.t("压缩包（OFD、XLSX 或 ZIP）", "a ZIP package (OFD, XLSX or ZIP)"),
        }
    }

    /// For the browser.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Zip => "application/zip",
        }
    }
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Over the limit.
    #[error("the file has {found_bytes} bytes; at most {max_bytes} are taken")]
    TooLarge {
        /// How large it is, as far as it was read.
        found_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// Neither PDF, OFD, picture nor spreadsheet.
    #[error("the file is neither PDF, OFD, PNG, JPEG nor XLSX")]
    UnknownKind,
    /// The name says one thing, the content another.
    #[error("the name does not claim what the content is, {}", .found.label(Lang::En))]
    NotWhatItClaims {
        /// By its name.
        claimed: Option<DocumentKind>,
        /// By its content.
        found: DocumentKind,
    },
    /// The disk.
    #[error("storing the document: {0}")]
    Io(#[from] std::io::Error),
}

impl BlobError {
    /// The refusal's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            BlobError::Empty => "document-empty",
            BlobError::TooLarge { .. } => "document-too-large",
            BlobError::UnknownKind => "document-unknown-kind",
            BlobError::NotWhatItClaims { .. } => "document-not-what-it-claims",
            BlobError::Io(_) => "document-not-stored",
        }
    }

    /// For a reader.
    pub fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, BlobError::Empty) => "The file is empty. Choose it again.".into(),
            (Lang::En, BlobError::TooLarge { found_bytes, max_bytes }) => format!(
                "The file has {}; at most {} are taken. Compress it or split it.",
                mebibytes(*found_bytes),
                mebibytes(*max_bytes)
            ),
            (Lang::En, BlobError::UnknownKind) => "Only PDF, OFD, PNG, JPEG and XLSX files are taken.".into(),
            (Lang::En, BlobError::NotWhatItClaims { claimed, found }) => {
                let claimed = claimed.map_or("something else", |k| k.label(lang));
                let found = found.label(lang);
                format!(
                    "By its name the file is {claimed}, by its content {found}. Upload the original file under its own name."
                )
            }
            (Lang::En, BlobError::Io(_)) => "The file could not be kept. Try again later.".into(),
            (_, BlobError::Empty) => "文件是空的。请重新选择文件。".into(),
            (_, BlobError::TooLarge { found_bytes, max_bytes }) => {
                format!("文件为 {}，上限 {}。请压缩或拆分后再上传。", mebibytes(*found_bytes), mebibytes(*max_bytes))
            }
            (_, BlobError::UnknownKind) => "只接受 PDF、OFD、PNG、JPEG、XLSX 文件。".into(),
            (_, BlobError::NotWhatItClaims { claimed, found }) => {
                let claimed = claimed.map_or("其他类型", |k| k.label(lang));
                let found = found.label(lang);
                format!("文件扩展名与内容不符：按扩展名应为{claimed}，内容实为{found}。请上传原始文件，不要改扩展名。")
            }
            (_, BlobError::Io(_)) => "文件未能保存，请稍后重试。".into(),
        }
    }
}

/// `20 MiB`, `20.1 MiB`: rounded up to a tenth, so that what is over a limit reads as over it.
fn mebibytes(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(1 << 20);
    match tenths % 10 {
        0 => format!("{} MiB", tenths / 10),
        tenth => format!("{}.{tenth} MiB", tenths / 10),
    }
}

/// A document that is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBlob {
    /// Lower-case hex; also its name.
    pub sha256: String,
    /// Size.
    pub size_bytes: i64,
    /// Kind.
    pub kind: DocumentKind,
}

/// The folder of documents.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
    max_bytes: u64,
}

impl Blobs {
    /// Documents under `folder`, each at most `max_bytes`.
    pub fn new(folder: impl Into<PathBuf>, max_bytes: u64) -> Blobs {
        Blobs { folder: folder.into(), max_bytes }
    }

    /// The limit of one document.
    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Checks and keeps a document; on return it is on disk. The same content is kept once.
    pub fn put(&self, file_name: &str, bytes: &[u8]) -> Result<StoredBlob, BlobError> {
        if bytes.is_empty() {
            return Err(BlobError::Empty);
        }
        let size = bytes.len() as u64;
        if size > self.max_bytes {
            return Err(BlobError::TooLarge { found_bytes: size, max_bytes: self.max_bytes });
        }
        let found = DocumentKind::sniff(bytes).ok_or(BlobError::UnknownKind)?;
        let claimed = DocumentKind::claimed(file_name);
        if claimed != Some(found) {
            return Err(BlobError::NotWhatItClaims { claimed, found });
        }
        let sha256 = hex::encode(Sha256::digest(bytes));
        self.write(&sha256, bytes)?;
        Ok(StoredBlob { sha256, size_bytes: size as i64, kind: found })
    }

    fn write(&self, sha256: &str, bytes: &[u8]) -> Result<(), std::io::Error> {
        let path = self.path(sha256);
        if path.exists() {
            return Ok(());
        }
        let folder = path.parent().expect("has one");
        fs::create_dir_all(folder)?;
        let part = path.with_extension("part");
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(folder)?.sync_all()
    }

    /// Where a document is.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(&sha256[..2.min(sha256.len())]).join(sha256)
    }

    /// Reads a document back and checks that it is what it was.
    pub fn get(&self, sha256: &str) -> Result<Option<Vec<u8>>, std::io::Error> {
        match fs::read(self.path(sha256)) {
            Ok(bytes) if hex::encode(Sha256::digest(&bytes)) == sha256 => Ok(Some(bytes)),
            Ok(_) => Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "the document was altered on disk")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_what_it_claims_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(dir.path(), 100);
        assert!(matches!(blobs.put("a.pdf", b"PK\x03\x04zip"), Err(BlobError::NotWhatItClaims { .. })));
        assert!(matches!(blobs.put("a.exe", b"MZ"), Err(BlobError::UnknownKind)));
        assert!(matches!(blobs.put("a.pdf", b""), Err(BlobError::Empty)));
        assert!(matches!(blobs.put("a.pdf", &[b'%'; 101]), Err(BlobError::TooLarge { found_bytes: 101, .. })));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing of a refused file is kept");
        let renamed = blobs.put("a.pdf", b"PK\x03\x04zip").unwrap_err();
        assert!(
            renamed.message(Lang::En).contains("By its name the file is a PDF document, by its content a ZIP package")
        );
        assert!(renamed.message(Lang::Zh).contains("按扩展名应为PDF 文档，内容实为压缩包"));
        let large = BlobError::TooLarge { found_bytes: (20 << 20) + 1, max_bytes: 20 << 20 };
        assert!(large.message(Lang::En).contains("has 20.1 MiB; at most 20 MiB"));
    }

    #[test]
    fn a_kept_document_reads_back_and_alteration_shows() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(dir.path(), 100);
        let kept = blobs.put("合同.pdf", b"%PDF-1.7 x").unwrap();
        assert_eq!(blobs.put("again.pdf", b"%PDF-1.7 x").unwrap(), kept);
        assert_eq!(blobs.get(&kept.sha256).unwrap().unwrap(), b"%PDF-1.7 x");
        fs::write(blobs.path(&kept.sha256), b"%PDF-1.7 y").unwrap();
        assert!(blobs.get(&kept.sha256).is_err());
    }
}
