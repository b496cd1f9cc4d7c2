//! `yunjin`: one binary, its role chosen by the first word.

use anyhow::Result;

fn main() -> Result<()> {
    let threads = store::worker_threads(store::DbOptions::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(yunjin::cli::run())
}
