//! The catalogue on both databases.

mod fixture;
mod listing;
mod pages;
mod search;
