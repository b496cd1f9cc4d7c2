//! Tests of the engine on the programmes that ship, and on broken ones.

mod calendar;
mod defects;
mod expected;
mod properties;
mod replay;
mod tianjin;
mod words;

use rules::Programme;

/// The text of a programme that ships.
pub fn text(id: &str) -> &'static str {
    rules::bundled().iter().find(|(i, _)| *i == id).expect("bundled").1
}

/// The same, read.
pub fn programme(id: &str) -> Programme {
    Programme::parse(text(id)).unwrap_or_else(|e| panic!("{id}: {e}"))
}
