//! CSV at the speed of memory: a block of whole rows is indexed 64 bytes at a time, then read column by column.
//!
//! RFC 4180: fields are separated by commas, rows end in LF or CRLF, a field that holds one of these or a quotation
//! mark stands in quotation marks, and a mark inside is doubled. Whether a byte is inside a quotation is the parity of
//! the marks before it, so a prefix-XOR over a word of marks answers it for 64 bytes at once.

use std::borrow::Cow;

/// Positions of a block's separators, and its rows.
#[derive(Default)]
pub(crate) struct Index {
    /// Offsets of every comma and line end outside quotations.
    separators: Vec<u32>,
    /// For each line: where it starts, and its first separator.
    pub lines: Vec<Line>,
}

/// A line of a block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    pub start: u32,
    first: u32,
    /// Fields in it.
    pub fields: u32,
    /// Offset of its line end.
    pub end: u32,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW7: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// High bit set in each byte of `word` that equals the byte of `splat`; exact, without carries between bytes.
fn equals(word: u64, splat: u64) -> u64 {
    let x = word ^ splat;
    !(((x & LOW7) + LOW7) | x | LOW7)
}

/// The high bits of eight bytes as eight bits.
fn gather(highs: u64) -> u64 {
    (highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Bit i: is bit i of `marks` preceded by an odd number of set bits, itself included?
fn inside(marks: u64) -> u64 {
    let mut x = marks;
    for shift in [1, 2, 4, 8, 16, 32] {
        x ^= x << shift;
    }
    x
}

impl Index {
    /// Indexes a block of whole rows; its last byte is a line end.
    pub(crate) fn build(&mut self, block: &[u8]) {
        self.separators.clear();
        self.lines.clear();
        let quoted = memchr::memchr(b'"', block).is_some();
        let (mut carried, mut start, mut first) = (0u64, 0u32, 0u32);
        let mut padded = [0u8; 64];
        for (n, chunk) in block.chunks(64).enumerate() {
            let chunk: &[u8; 64] = match chunk.try_into() {
                Ok(whole) => whole,
                Err(_) => {
                    padded[..chunk.len()].copy_from_slice(chunk);
                    padded[chunk.len()..].fill(0);
                    &padded
                }
            };
            let (mut commas, mut ends, mut marks) = (0u64, 0u64, 0u64);
            for (i, eight) in chunk.chunks_exact(8).enumerate() {
                let word = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
                let end = equals(word, ONES * u64::from(b'\n'));
                commas |= gather(equals(word, ONES * u64::from(b',')) | end) << (i * 8);
                if end != 0 {
                    ends |= gather(end) << (i * 8);
                }
                if quoted {
                    marks |= gather(equals(word, ONES * u64::from(b'"'))) << (i * 8);
                }
            }
            if quoted {
                let within = inside(marks) ^ carried;
                carried = 0u64.wrapping_sub(within >> 63);
                commas &= !within;
                ends &= !within;
            }
            let (base, before) = (n as u32 * 64, self.separators.len() as u32);
            let mut left = commas;
            while left != 0 {
                self.separators.push(base + left.trailing_zeros());
                left &= left - 1;
            }
            while ends != 0 {
                let bit = ends.trailing_zeros();
                let last = before + (commas & (u64::MAX >> (63 - bit))).count_ones() - 1;
                self.lines.push(Line { start, first, fields: last - first + 1, end: base + bit });
                (start, first) = (base + bit + 1, last + 1);
                ends &= ends - 1;
            }
        }
    }

    /// Where field `at` of a line begins.
    pub(crate) fn start(&self, line: &Line, at: usize) -> u32 {
        if at == 0 { line.start } else { self.separators[line.first as usize + at - 1] + 1 }
    }

    /// The raw bytes of field `at` of a line, quotation marks included.
    pub(crate) fn raw<'a>(&self, block: &'a [u8], line: &Line, at: usize) -> &'a [u8] {
        let from = self.start(line, at);
        let to = self.separators[line.first as usize + at];
        let field = &block[from as usize..to as usize];
        if at as u32 + 1 == line.fields { field.strip_suffix(b"\r").unwrap_or(field) } else { field }
    }
}

/// A field without its quotation marks: borrowed unless marks inside are doubled.
pub(crate) fn unquote(raw: &[u8]) -> Cow<'_, [u8]> {
    match raw {
        [b'"', inner @ .., b'"'] if memchr::memchr(b'"', inner).is_none() => Cow::Borrowed(inner),
        [b'"', inner @ .., b'"'] => {
            let mut out = Vec::with_capacity(inner.len());
            let mut bytes = inner.iter().peekable();
            while let Some(&b) = bytes.next() {
                if b == b'"' && bytes.peek() == Some(&&b'"') {
                    bytes.next();
                }
                out.push(b);
            }
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(raw),
    }
}

/// The length of the part of `bytes` that is whole rows, given that it starts at one. `None`: no row ends in it.
pub(crate) fn whole_rows(bytes: &[u8]) -> Option<usize> {
    let mut inside = memchr::memchr_iter(b'"', bytes).count() % 2 == 1;
    for at in memchr::memrchr2_iter(b'\n', b'"', bytes) {
        if bytes[at] == b'"' {
            inside = !inside;
        } else if !inside {
            return Some(at + 1);
        }
    }
    None
}

/// The end of the first row, line end included.
pub(crate) fn first_row(bytes: &[u8]) -> Option<usize> {
    let mut inside = false;
    for at in memchr::memchr2_iter(b'\n', b'"', bytes) {
        match bytes[at] {
            b'"' => inside = !inside,
            _ if !inside => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Does a quotation stay open to the end?
pub(crate) fn is_open(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'"', bytes).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(block: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut index = Index::default();
        index.build(block);
        let field = |l: &Line, i: usize| unquote(index.raw(block, l, i)).into_owned();
        index.lines.iter().map(|l| (0..l.fields as usize).map(|i| field(l, i)).collect()).collect()
    }

    fn write(table: &[Vec<String>]) -> Vec<u8> {
        let mut out = vec![];
        for row in table {
            for (i, field) in row.iter().enumerate() {
                let needs = field.is_empty() || field.contains([',', '"', '\n', '\r']);
                let text = if needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() };
                out.extend_from_slice(if i > 0 { b"," } else { b"" });
                out.extend_from_slice(text.as_bytes());
            }
            out.push(b'\n');
        }
        out
    }

    #[test]
    fn quotations_hide_commas_line_ends_and_doubled_marks() {
        let got = rows(b"a,\"b,1\",\"c\n\"\"2\"\"\"\r\n,,\n");
        assert_eq!(got, vec![vec![b"a".to_vec(), b"b,1".to_vec(), b"c\n\"2\"".to_vec()], vec![vec![]; 3]]);
        assert_eq!(whole_rows(b"a,\"b\n"), None);
        assert_eq!(whole_rows(b"a,b\nc,\"d\n\",e\nf"), Some(13));
        assert_eq!(first_row(b"\"a\nb\",c\nd"), Some(8));
    }

    proptest! {
        #[test]
        fn any_table_reads_back(table in prop::collection::vec(prop::collection::vec("[a-z,\"\n\r 云]{0,40}", 3), 1..40)) {
            // A lone CR at the end of the last field would read as part of the line end; writers quote it, so do we.
            let block = write(&table);
            let got = rows(&block);
            let want: Vec<Vec<Vec<u8>>> =
                table.iter().map(|r| r.iter().map(|f| f.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(got, want);
            prop_assert_eq!(whole_rows(&block), Some(block.len()));
            let cut = block.len() / 2;
            if let Some(whole) = whole_rows(&block[..cut]) {
                prop_assert!(table.len() >= rows(&block[..whole]).len());
                prop_assert_eq!(&rows(&block[..whole])[..], &rows(&block)[..rows(&block[..whole]).len()]);
            }
        }
    }
}
