//! The whole program: every route against the permission table, the API's description, a small year from end to end,
//! and `verify` against hand-made corruption.

mod bad_input;
mod journal;
mod openapi;
mod permissions;
mod service;
mod support;
mod tenants;
mod year;
