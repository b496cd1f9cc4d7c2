//! `yunjin bench`
