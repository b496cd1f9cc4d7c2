//! The books on both databases.

mod flow;
mod pages;
mod post;
mod rest;
mod verify;
