//! Several sources of readings in order made one, in a stream: of two readings for one instant the newer source's stands.

use arrow::array::RecordBatch;

use crate::segment::{Rows, SegmentError};

/// Batches of whole rows, ordered by series and time.
pub(crate) type Source = Box<dyn Iterator<Item = Result<RecordBatch, SegmentError>> + Send>;

struct Head {
    source: Source,
    batch: RecordBatch,
    row: usize,
}

impl Head {
    /// The next batch that has rows; `false` at the end.
    fn refill(&mut self) -> Result<bool, SegmentError> {
        while self.row >= self.batch.num_rows() {
            match self.source.next() {
                Some(batch) => (self.batch, self.row) = (batch?, 0),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

type Key<'a> = (&'a str, &'a str, i64);

fn key<'a>(rows: &Rows<'a>, i: usize) -> Key<'a> {
    (rows.device.value(i), rows.property.value(i), rows.at.value(i))
}

/// The merged rows, as slices of the sources' batches. Holds one batch of each source.
pub(crate) struct Merge {
    /// Oldest first; only those that have rows.
    heads: Vec<Head>,
    begun: bool,
}

impl Merge {
    /// `sources` from the oldest to the newest.
    pub fn new(sources: Vec<Source>) -> Merge {
        let empty = RecordBatch::new_empty(crate::segment::schema());
        let heads = sources.into_iter().map(|source| Head { source, batch: empty.clone(), row: 0 }).collect();
        Merge { heads, begun: false }
    }

    fn refill(&mut self) -> Result<(), SegmentError> {
        let mut at = 0;
        while at < self.heads.len() {
            if self.heads[at].refill()? {
                at += 1;
            } else {
                self.heads.remove(at);
            }
        }
        Ok(())
    }

    /// Rows that all come from one source, as many as come before any other's.
    fn run(&mut self) -> Result<Option<RecordBatch>, SegmentError> {
        self.begun = true;
        self.refill()?;
        if self.heads.len() <= 1 {
            let Some(head) = self.heads.first_mut() else { return Ok(None) };
            let run = head.batch.slice(head.row, head.batch.num_rows() - head.row);
            head.row = head.batch.num_rows();
            return Ok(Some(run));
        }
        let rows = self.heads.iter().map(|h| Rows::of(&h.batch)).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<Key<'_>> = self.heads.iter().zip(&rows).map(|(h, r)| key(r, h.row)).collect();
        let least = *keys.iter().min().expect("there are two sources");
        // The newest source that has the least key gives it; whoever else has it passes it over.
        let from = keys.iter().rposition(|k| *k == least).expect("it is one of them");
        let until = keys.iter().enumerate().filter(|(i, k)| *i != from && **k != least).map(|(_, k)| *k).min();
        let (begin, ties) = (self.heads[from].row, keys.iter().filter(|k| **k == least).count() > 1);
        let mut end = begin + 1;
        if !ties {
            let count = self.heads[from].batch.num_rows();
            // In steps that double, then in halves: runs are long where sources do not overlap.
            let before = |i: usize| until.is_none_or(|until| key(&rows[from], i) < until);
            let mut step = 1;
            while end < count && before((end + step - 1).min(count - 1)) {
                end = (end + step).min(count);
                step *= 2;
            }
            let mut beyond = (end + step).min(count);
            while end < beyond {
                let middle = end + (beyond - end) / 2;
                if before(middle) {
                    end = middle + 1;
                } else {
                    beyond = middle;
                }
            }
        }
        let tied: Vec<bool> = keys.iter().map(|k| *k == least).collect();
        let run = self.heads[from].batch.slice(begin, end - begin);
        for (head, _) in self.heads.iter_mut().zip(tied).filter(|(_, tied)| *tied) {
            head.row += 1;
        }
        self.heads[from].row = end;
        Ok(Some(run))
    }
}

impl Iterator for Merge {
    type Item = Result<RecordBatch, SegmentError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.begun && self.heads.is_empty() {
            return None;
        }
        self.run().transpose()
    }
}
