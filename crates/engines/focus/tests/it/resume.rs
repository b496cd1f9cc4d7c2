//! Stopped and taken up again, an import gives what it would have given.

use std::ops::ControlFlow;

use focus::generate::{Bill, Fault};
use focus::{Checkpoint, Ended, Import, Importer, Options, Refusal};

use crate::common::*;

/// Stops after every wave, keeps the checkpoint as JSON, and goes on with a new importer.
fn in_pieces(bytes: &[u8], options: &Options) -> (Import, u32) {
    let (mut checkpoint, mut stops): (Option<Checkpoint>, u32) = (None, 0);
    loop {
        let importer = Importer::new(profile("yunjin-demo"), options.clone());
        match importer.import_bytes(bytes, checkpoint, &mut |_| ControlFlow::Break(())).unwrap() {
            Ended::Done(import) => return (*import, stops),
            Ended::Stopped(at) => {
                let json = serde_json::to_string(&at).unwrap();
                checkpoint = Some(serde_json::from_str(&json).unwrap());
                stops += 1;
            }
        }
    }
}

#[test]
fn csv_gzip_and_parquet_resume_to_the_same_result() {
    let faults = vec![Fault::NoResourceEvery(40), Fault::CorrectionEvery(60), Fault::CreditEvery(33)];
    let bill = Bill { rows: 6_000, faults, ..Bill::default() };
    let options = Options { block_bytes: 50_000, wave: 5, ..Options::default() };
    for file in [csv(&bill), gzip(&bill), parquet(&bill, 500)] {
        let whole = import_with(profile("yunjin-demo"), options.clone(), &file).unwrap();
        let (pieces, stops) = in_pieces(&file, &options);
        assert!(stops >= 2, "{stops}");
        assert_eq!(pieces.statements, whole.statements);
        assert_eq!(pieces.report.breaches, whole.report.breaches);
        assert_eq!(pieces.report.rows, whole.report.rows);
        assert_eq!(pieces.report.outcomes, whole.report.outcomes);
    }
}

#[test]
fn progress_carries_checkpoints_and_grows() {
    let file = csv(&Bill { rows: 6_000, ..Bill::default() });
    let options = Options { block_bytes: 50_000, wave: 2, checkpoint_rows: Some(1_000), ..Options::default() };
    let (mut rows, mut bytes, mut kept) = (0, 0, vec![]);
    let mut progress = |p: &focus::Progress<'_>| {
        assert!(p.rows >= rows && p.bytes_done >= bytes && p.bytes_total == Some(file.len() as u64));
        (rows, bytes) = (p.rows, p.bytes_done);
        kept.extend(p.checkpoint.cloned());
        ControlFlow::Continue(())
    };
    let importer = Importer::new(profile("yunjin-demo"), options.clone());
    let Ended::Done(whole) = importer.import_bytes(&file, None, &mut progress).unwrap() else { panic!() };
    assert!(kept.len() >= 3, "{}", kept.len());
    assert_eq!((rows, bytes), (6_000, file.len() as u64));
    let middle = kept.swap_remove(1);
    assert!(middle.rows() >= 2_000);
    let again = importer.import_bytes(&file, Some(middle), &mut |_| ControlFlow::Continue(())).unwrap();
    let Ended::Done(again) = again else { panic!() };
    assert_eq!(again.statements, whole.statements);
}

#[test]
fn a_checkpoint_of_another_profile_or_header_is_refused() {
    let file = csv(&Bill { rows: 6_000, ..Bill::default() });
    let options = Options { block_bytes: 50_000, wave: 2, ..Options::default() };
    let stop = &mut |_: &focus::Progress<'_>| ControlFlow::Break(());
    let importer = Importer::new(profile("yunjin-demo"), options.clone());
    let Ended::Stopped(at) = importer.import_bytes(&file, None, stop).unwrap() else { panic!() };
    let other = Importer::new(profile("focus-1.2"), options);
    assert!(matches!(other.import_bytes(&file, Some(*at.clone()), stop), Err(Refusal::WrongCheckpoint(_))));
    let renamed = String::from_utf8(file).unwrap().replacen("Tags", "x_Tags", 1);
    assert!(matches!(importer.import_bytes(renamed.as_bytes(), Some(*at), stop), Err(Refusal::WrongCheckpoint(_))));
}
