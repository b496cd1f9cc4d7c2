//! `yunjin`: one binary, its role chosen by the first word.

use anyhow::Result;

#[tokio::main]
async fn main() -> Result<()> {
    yunjin::cli::run().await
}
