//! Vouchers on both databases.

mod batches;
mod conservation;
mod issuing;
mod orders;
mod rest;
mod time;
