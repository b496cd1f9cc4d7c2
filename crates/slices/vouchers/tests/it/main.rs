//! Vouchers on both databases.

mod batches;
mod conservation;
mod issuing;
mod orders;
mod pages;
mod rest;
mod time;
