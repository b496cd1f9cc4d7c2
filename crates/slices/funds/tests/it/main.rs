//! The books on both databases.

mod flow;
mod post;
mod rest;
mod verify;
