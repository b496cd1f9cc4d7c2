//! focus.
