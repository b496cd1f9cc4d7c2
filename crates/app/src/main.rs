//! `yunjin`: one binary, its role chosen by the first word.

use anyhow::Result;

/// Pages are many small texts; the system's allocator was an eighth of a page's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let threads = store::worker_threads(store::DbOptions::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(yunjin::cli::run())
}
