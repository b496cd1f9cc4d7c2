//! The slice on both databases.

mod accounts;
mod help;
mod imports;
mod organisations;
mod pages;
mod sessions;
mod site;
mod spreadsheets;
