//! Reading Parquet: row groups are handed out in order, in waves, to the workers.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::columnar::{Chunks, footer, row_group};
use crate::header::Header;
use crate::import::{Checkpoint, Ended, Importer, OnProgress};
use crate::refusal::{Cut, Refusal};
use crate::sniff::Format;
use crate::worker::Worker;

impl Importer {
    pub(crate) fn import_parquet(
        &self,
        chunks: Chunks,
        resume: Option<Checkpoint>,
        progress: OnProgress<'_>,
    ) -> Result<Ended, Refusal> {
        let total = chunks.len();
        let magic = if total < 12 { None } else { chunks.get_bytes(total - 4, 4).ok() };
        if magic.as_deref() != Some(b"PAR1") {
            return Err(Refusal::Truncated { row: 0, line: None, what: Cut::NoFooter });
        }
        let damaged = |e: ParquetError| Refusal::Damaged { row: 0, detail: e.to_string() };
        let footer = footer(&chunks).map_err(damaged)?;
        let names = footer.schema().fields().iter().map(|f| f.name().clone()).collect();
        let header = Header::from_names(names)?;
        self.run(&header, Format::Parquet, Some(total), resume, |run, workers| {
            let groups = footer.metadata().num_row_groups();
            while (run.position as usize) < groups {
                let from = run.position as usize;
                let to = groups.min(from + run.options.wave.clamp(1, workers.len() * 4));
                wave(&chunks, &footer, from..to, workers)
                    .map_err(|e| Refusal::Damaged { row: run.rows_lines(workers).0, detail: e.to_string() })?;
                run.position = to as u64;
                run.bytes_done = bytes_of(&footer, to).min(total);
                if run.tell(workers, progress).is_break() && to < groups {
                    return Ok(ControlFlow::Break(()));
                }
            }
            run.bytes_done = total;
            Ok(ControlFlow::Continue(()))
        })
    }
}

fn bytes_of(footer: &parquet::arrow::arrow_reader::ArrowReaderMetadata, groups: usize) -> u64 {
    footer.metadata().row_groups()[..groups].iter().map(|g| g.compressed_size().max(0) as u64).sum()
}

fn wave(
    chunks: &Chunks,
    footer: &parquet::arrow::arrow_reader::ArrowReaderMetadata,
    groups: std::ops::Range<usize>,
    workers: &mut [Worker<'_>],
) -> Result<(), ParquetError> {
    let next = AtomicUsize::new(groups.start);
    std::thread::scope(|scope| {
        let work = |worker| {
            let (next, end) = (&next, groups.end);
            scope.spawn(move || {
                let worker: &mut Worker<'_> = worker;
                let (mut maps, chunks) = (vec![], chunks.again()?);
                loop {
                    let group = next.fetch_add(1, Ordering::Relaxed);
                    if group >= end {
                        return Ok::<(), ParquetError>(());
                    }
                    row_group(&chunks, footer, group, &mut maps, worker)?;
                }
            })
        };
        let handles: Vec<_> = workers.iter_mut().map(work).collect();
        handles.into_iter().map(|h| h.join().expect("a worker does not panic")).collect::<Result<Vec<()>, _>>()
    })?;
    Ok(())
}
