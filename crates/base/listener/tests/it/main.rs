//! The listener with real clients and with bad ones.

mod clients;
mod common;
