//! Use and its evidence, on both databases.

mod accounts;
mod bad_files;
mod fixture;
mod importing;
mod levels;
mod pages;
