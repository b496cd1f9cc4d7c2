//! Bills for the demo, tests and measurements: seeded, in the ways of a Chinese cloud, with faults on request.
//!
//! Every account has a few services with a few resources each, metered by the hour or the day, with real silence on
//! some days. The content is simulated throughout and says so in its provider's name.

mod fault;
mod rows;
mod write;

pub use fault::Fault;
pub use rows::{Bill, Row, rows};
pub use write::{COLUMNS, to_csv, to_gzip, to_parquet};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_another() {
        let bill = Bill { rows: 500, ..Bill::default() };
        let csv = |b: &Bill| {
            let mut out = vec![];
            to_csv(b, &mut out).unwrap();
            out
        };
        assert_eq!(csv(&bill), csv(&bill.clone()));
        assert_ne!(csv(&bill), csv(&Bill { seed: 2, ..bill }));
    }
}
