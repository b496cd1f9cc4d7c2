//! Orders on both databases.

mod fixture;
mod import;
mod papers;
mod placing;
mod visibility;
