//! One test binary for settlement: end to end over the real slices, on both databases.

mod corrections;
mod fixture;
mod pages;
mod refusals;
mod settles;
mod verify;
