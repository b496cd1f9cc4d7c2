//! Orders on both databases.

mod fixture;
mod import;
mod pages;
mod papers;
mod placing;
mod visibility;
