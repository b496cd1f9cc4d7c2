//! Alarms of an enterprise's machines.

mod api;
mod evaluation;
mod fixture;
mod handling;
mod notices;
mod pages;
mod rules;
