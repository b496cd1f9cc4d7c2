//! Casework on both databases: applying, reviewing, notices and objections, recusal, clocks, lists.

mod enterprise;
mod lists;
mod notice;
mod pages;
mod review;
mod table;
mod walk;
mod world;
