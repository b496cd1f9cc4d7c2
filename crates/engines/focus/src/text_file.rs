//! Reading CSV, packed or not: one thread reads and cuts blocks of whole rows, workers take them.

use std::cell::Cell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use flate2::read::MultiGzDecoder;

use crate::csv::{Index, first_row, is_open, whole_rows};
use crate::header::Header;
use crate::import::{Checkpoint, Ended, Importer, OnProgress, Options, Run};
use crate::refusal::{Cut, Refusal};
use crate::sniff::{Format, SNIFF_BYTES, Seen, sniff};
use crate::worker::Worker;

/// Unpacked size from which the ratio is looked at.
const RATIO_FROM_BYTES: u64 = 16 << 20;

/// Counts what passes.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

/// The text of a bill, with what has not yet been cut into blocks.
struct Text<'a> {
    source: Box<dyn Read + 'a>,
    /// Bytes of the stored file read.
    stored: Rc<Cell<u64>>,
    packed: bool,
    unpacked: u64,
    carry: Vec<u8>,
    /// Blocks that workers are done with, to be filled again: fresh memory costs a page fault for every 4 KiB.
    spare: Receiver<Vec<u8>>,
    give_back: Sender<Vec<u8>>,
    ended: bool,
    /// The gzip stream stopped here.
    cut: Option<Cut>,
    damage: Option<String>,
}

impl Text<'_> {
    /// Reads until `want` bytes wait, or the end.
    fn fill(&mut self, want: usize, options: &Options) -> Result<(), Refusal> {
        while self.carry.len() < want && !self.ended {
            let room = (want - self.carry.len()).max(64 << 10) as u64;
            self.carry.reserve(room as usize);
            let before = self.carry.len();
            let got = (&mut self.source).take(room).read_to_end(&mut self.carry);
            match got.map(|_| self.carry.len() - before) {
                Ok(0) => self.ended = true,
                Ok(n) => self.unpacked += n as u64,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if self.packed && e.kind() == io::ErrorKind::UnexpectedEof => {
                    (self.ended, self.cut) = (true, Some(Cut::InGzip));
                }
                Err(e)
                    if self.packed && matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
                {
                    (self.ended, self.damage) = (true, Some(e.to_string()));
                }
                Err(e) => return Err(e.into()),
            }
            if self.packed && self.unpacked > options.unpacked_bytes_max {
                return Err(Refusal::TooLarge { limit_bytes: options.unpacked_bytes_max });
            }
            let ratio = options.unpack_ratio_max;
            if self.packed && self.unpacked > RATIO_FROM_BYTES && self.unpacked / self.stored.get().max(1) > ratio {
                return Err(Refusal::ZipBomb { limit: ratio });
            }
        }
        Ok(())
    }

    fn skip(&mut self, mut bytes: u64, options: &Options) -> Result<(), Refusal> {
        while bytes > 0 {
            self.fill((options.block_bytes as u64).min(bytes) as usize, options)?;
            let step = (self.carry.len() as u64).min(bytes);
            if step == 0 {
                return Err(Refusal::WrongCheckpoint("the file is shorter".to_owned()));
            }
            self.carry.drain(..step as usize);
            bytes -= step;
        }
        Ok(())
    }
}

impl Importer {
    pub(crate) fn import_text(
        &self,
        source: Box<dyn Read + '_>,
        format: Format,
        total: Option<u64>,
        resume: Option<Checkpoint>,
        progress: OnProgress<'_>,
    ) -> Result<Ended, Refusal> {
        let stored = Rc::new(Cell::new(0));
        let counted = Counted { inner: source, count: stored.clone() };
        let packed = format == Format::CsvGzip;
        let source: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
        let (give_back, spare) = channel();
        let (carry, ended, cut, damage) = (vec![], false, None, None);
        let mut text = Text { source, stored, packed, unpacked: 0, carry, spare, give_back, ended, cut, damage };
        text.fill(self.options.block_bytes.max(SNIFF_BYTES), &self.options)?;
        let first = self.first_row(&mut text)?;
        let header = Header::from_csv(&first)?;
        self.run(&header, format, total, resume, |run, workers| {
            text.skip(run.position, run.options)?;
            read_rows(&mut text, run, workers, progress)
        })
    }

    /// The header's row. It is left in the text: positions count from the start.
    fn first_row(&self, text: &mut Text<'_>) -> Result<Vec<u8>, Refusal> {
        if text.packed && !matches!(sniff(&text.carry[..text.carry.len().min(SNIFF_BYTES)]), Seen::Csv | Seen::Empty) {
            return Err(Refusal::NotABill { found: "gzip without CSV inside".to_owned() });
        }
        if let Some(end) = first_row(&text.carry) {
            return Ok(text.carry[..end].to_vec());
        }
        match (&text.cut, &text.damage) {
            (Some(what), _) => return Err(Refusal::Truncated { row: 0, line: Some(1), what: *what }),
            (_, Some(detail)) => return Err(Refusal::Damaged { row: 0, detail: detail.clone() }),
            _ if text.carry.is_empty() => return Err(Refusal::Empty),
            _ if text.ended && is_open(&text.carry) => {
                return Err(Refusal::Truncated { row: 0, line: Some(1), what: Cut::InQuotation });
            }
            _ if !text.ended => {
                return Err(Refusal::RowTooLong { row: 0, line: 1, limit_bytes: self.options.block_bytes });
            }
            _ => {}
        }
        text.carry.push(b'\n');
        Ok(text.carry.clone())
    }
}

/// Why a wave of blocks ended.
enum Wave {
    Full,
    End,
    Cut(Cut),
    Damaged(String),
    TooLong,
}

fn read_rows(
    text: &mut Text<'_>,
    run: &mut Run<'_>,
    workers: &mut [Worker<'_>],
    progress: OnProgress<'_>,
) -> Result<ControlFlow<()>, Refusal> {
    let mut number = 0u32;
    loop {
        let ended = wave(text, run, workers, &mut number)?;
        run.bytes_done = text.stored.get();
        match ended {
            Wave::Full => {}
            Wave::End => {
                // Nothing is left to stop, so the answer does not matter.
                let _ = run.tell(workers, progress);
                return Ok(ControlFlow::Continue(()));
            }
            Wave::Cut(what) => return Err(run.cut(workers, what)),
            Wave::Damaged(detail) => {
                return Err(Refusal::Damaged { row: run.rows_lines(workers).0, detail });
            }
            Wave::TooLong => {
                let (rows, lines) = run.rows_lines(workers);
                return Err(Refusal::RowTooLong {
                    row: rows + 1,
                    line: lines + 1,
                    limit_bytes: run.options.row_bytes_max,
                });
            }
        }
        if run.tell(workers, progress).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// Cuts blocks and has them worked off.
fn wave(text: &mut Text<'_>, run: &mut Run<'_>, workers: &mut [Worker<'_>], number: &mut u32) -> Result<Wave, Refusal> {
    let (send, receive) = sync_channel::<(u32, Vec<u8>)>(workers.len() * 2);
    let receive = Mutex::new(receive);
    std::thread::scope(|scope| {
        for worker in workers {
            let (receive, give_back) = (&receive, text.give_back.clone());
            scope.spawn(move || {
                loop {
                    let next = receive.lock().expect("no worker panics while it takes a block").recv();
                    let Ok((number, block)) = next else { return };
                    worker.csv(number, &block);
                    // The reader is gone when it has met an error; then nobody needs the memory.
                    let _ = give_back.send(block);
                }
            });
        }
        // The sender must go at the end of the wave, so that the workers end.
        let send = send;
        for _ in 0..run.options.wave {
            match next_block(text, run)? {
                Ok(block) => {
                    run.position += block.1;
                    send.send((*number, block.0)).expect("the workers wait for blocks");
                    *number += 1;
                }
                Err(ended) => return Ok(ended),
            }
        }
        Ok(Wave::Full)
    })
}

/// A block of whole rows with the bytes it takes of the text, or why there is none.
fn next_block(text: &mut Text<'_>, run: &Run<'_>) -> Result<Result<(Vec<u8>, u64), Wave>, Refusal> {
    let options = run.options;
    let mut want = options.block_bytes;
    loop {
        text.fill(want, options)?;
        if let Some(whole) = whole_rows(&text.carry) {
            let mut rest = text.spare.try_recv().unwrap_or_default();
            rest.clear();
            rest.extend_from_slice(&text.carry[whole..]);
            let mut block = std::mem::replace(&mut text.carry, rest);
            block.truncate(whole);
            return Ok(Ok((block, whole as u64)));
        }
        if text.ended {
            break;
        }
        if text.carry.len() >= options.row_bytes_max {
            return Ok(Err(Wave::TooLong));
        }
        want = text.carry.len() * 2;
    }
    if let Some(detail) = text.damage.take() {
        return Ok(Err(Wave::Damaged(detail)));
    }
    if let Some(what) = text.cut {
        return Ok(Err(Wave::Cut(what)));
    }
    if text.carry.is_empty() {
        return Ok(Err(Wave::End));
    }
    if is_open(&text.carry) {
        return Ok(Err(Wave::Cut(Cut::InQuotation)));
    }
    // A last row without a line end is whole if it has all its fields.
    let mut block = std::mem::take(&mut text.carry);
    let bytes = block.len() as u64;
    block.push(b'\n');
    let mut index = Index::default();
    index.build(&block);
    let fields = index.lines.last().map_or(0, |l| l.fields as usize);
    Ok(if fields < run.header.columns.len() { Err(Wave::Cut(Cut::InRow)) } else { Ok((block, bytes)) })
}
