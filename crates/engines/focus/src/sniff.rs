//! What a file is, told by its first bytes and never by its name.

use serde::{Deserialize, Serialize};

/// A format that bills come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Comma-separated text, UTF-8 (RFC 4180).
    Csv,
    /// CSV in a gzip stream.
    CsvGzip,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// What a file's name says it is; `None` when it says nothing.
    pub fn claimed_by(name: &str) -> Option<Format> {
        let name = name.to_ascii_lowercase();
        let ends = |suffix: &str| name.ends_with(suffix);
        match () {
            () if ends(".csv.gz") || ends(".gz") => Some(Format::CsvGzip),
            () if ends(".csv") => Some(Format::Csv),
            () if ends(".parquet") => Some(Format::Parquet),
            () => None,
        }
    }
}

/// What the first bytes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Csv,
    Gzip,
    Parquet,
    /// Something else, by its name.
    Other(&'static str),
    Empty,
}

/// Bytes that [`sniff`] wants to see, when the file has so many.
pub(crate) const SNIFF_BYTES: usize = 512;

const MAGICS: [(&[u8], &str); 12] = [
    (b"PK\x03\x04", "ZIP / XLSX"),
    (b"%PDF", "PDF"),
    (b"\xD0\xCF\x11\xE0", "XLS / DOC"),
    (b"\x89PNG", "PNG"),
    (b"\xFF\xD8\xFF", "JPEG"),
    (b"BZh", "bzip2"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
    (b"\xFD7zXZ", "xz"),
    (b"Rar!", "RAR"),
    (b"7z\xBC\xAF", "7z"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
];

pub(crate) fn sniff(head: &[u8]) -> Seen {
    if head.is_empty() {
        return Seen::Empty;
    }
    if head.starts_with(b"\x1F\x8B") {
        return Seen::Gzip;
    }
    if head.starts_with(b"PAR1") {
        return Seen::Parquet;
    }
    if let Some((_, name)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Seen::Other(name);
    }
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Seen::Other("UTF-16 text");
    }
    if head.contains(&0) {
        return Seen::Other("binary");
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    match text.first() {
        Some(b'<') => Seen::Other("HTML / XML"),
        Some(b'{' | b'[') => Seen::Other("JSON"),
        _ => Seen::Csv,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(sniff(b"\"BilledCost\",\"x\"\n"), Seen::Csv);
        assert_eq!(sniff(b"\xEF\xBB\xBFBilledCost\n"), Seen::Csv);
        assert_eq!(sniff(b"\x1F\x8B\x08"), Seen::Gzip);
        assert_eq!(sniff(b"PAR1...."), Seen::Parquet);
        assert_eq!(sniff(b"PK\x03\x04...."), Seen::Other("ZIP / XLSX"));
        assert_eq!(sniff(b"  <html>"), Seen::Other("HTML / XML"));
        assert_eq!(sniff(b"a\0b"), Seen::Other("binary"));
        assert_eq!(sniff(b""), Seen::Empty);
    }
}
