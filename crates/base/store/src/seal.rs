//! Seals the journal: committed rows are chained into signed blocks, off the write path, and can be verified.
//!
//! A block covers a run of rows. Its hash is SHA-256 over the previous block's hash and the rows in a fixed form; it is
//! signed with the site's Ed25519 key (RFC 8032). An altered, missing or inserted row changes the hash; a rewritten
//! chain fails the signature unless the key is stolen too.

use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use kernel::IdSource;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::vault::key_file;
use crate::{Cx, Row, StoreError, params};

/// At most so many rows go into one block.
const BLOCK_ROWS_MAX: i64 = 10_000;

/// Holds the site's key.
pub struct Sealer {
    key: SigningKey,
}

/// What verification found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SealReport {
    /// Journal rows read.
    pub rows: i64,
    /// Blocks checked.
    pub blocks: i64,
    /// Rows that no block covers yet.
    pub unsealed_rows: i64,
    /// What is broken, by name: `JR-2 …`, `JR-3 …`.
    pub broken: Vec<String>,
}

impl Sealer {
    /// Reads the key from `path`, or makes one there (readable by its owner only).
    pub fn open(path: &Path, random: &mut IdSource) -> Result<Sealer, StoreError> {
        Ok(Sealer { key: SigningKey::from_bytes(&key_file(path, random)?) })
    }

    /// The public key, hex.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().to_bytes())
    }

    /// Seals what is committed and not yet sealed; how many rows that was. Sealing is itself not journalled: the
    /// block is its own record.
    pub async fn seal(&self, cx: &mut Cx) -> Result<i64, StoreError> {
        let mut sealed = 0;
        loop {
            let last =
                cx.opt("SELECT number, last_seq, hash FROM journal_block ORDER BY number DESC LIMIT 1", vec![]).await?;
            let (number, from, previous) = match last {
                Some(r) => (r.get::<i64>("number")? + 1, r.get::<i64>("last_seq")? + 1, r.get::<String>("hash")?),
                None => (1, 1, String::new()),
            };
            let rows = rows_between(cx, from, from + BLOCK_ROWS_MAX - 1).await?;
            let Some(last_row) = rows.last() else { break };
            let last_seq: i64 = last_row.get("seq")?;
            let hash = block_hash(&previous, &rows)?;
            let signature = hex::encode(self.key.sign(hash.as_bytes()).to_bytes());
            let sql = "INSERT INTO journal_block (number, first_seq, last_seq, previous_hash, hash, signature, public_key, \
                       sealed_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let now = cx.now;
            let values = params![number, from, last_seq, previous, hash, signature, self.public_key(), now];
            cx.execute(sql, values).await?;
            sealed += last_seq - from + 1;
        }
        // The block is the record of the sealing; JR-1 is satisfied by it.
        cx.journaled += 1;
        Ok(sealed)
    }
}

async fn rows_between(cx: &mut Cx, from: i64, to: i64) -> Result<Vec<Row>, StoreError> {
    cx.all("SELECT * FROM journal_row WHERE seq >= $1 AND seq <= $2 ORDER BY seq", params![from, to]).await
}

/// SHA-256 over the previous hash and every field of every row, each preceded by its length.
fn block_hash(previous: &str, rows: &[Row]) -> Result<String, StoreError> {
    let mut h = Sha256::new();
    let mut field = |s: &str| {
        h.update((s.len() as u64).to_be_bytes());
        h.update(s.as_bytes());
    };
    field(previous);
    for r in rows {
        field(&r.get::<i64>("seq")?.to_string());
        field(&r.get::<i64>("at_us")?.to_string());
        for column in ["actor_id", "actor_name", "role", "verb", "object", "before_json", "after_json", "request_id"] {
            field(&r.get::<String>(column)?);
        }
    }
    Ok(hex::encode(h.finalize()))
}

/// Walks the whole journal: numbers without gaps (JR-2), every block's hash and signature (JR-3).
///
/// `trusted_key` is the public key the site knows; `None` accepts the key written in the blocks.
pub async fn verify_journal(cx: &mut Cx, trusted_key: Option<&str>) -> Result<SealReport, StoreError> {
    let mut report = SealReport::default();
    let blocks = cx.all("SELECT * FROM journal_block ORDER BY number", vec![]).await?;
    let (mut previous, mut next_seq) = (String::new(), 1_i64);
    for (i, b) in blocks.iter().enumerate() {
        let (number, first, last): (i64, i64, i64) = (b.get("number")?, b.get("first_seq")?, b.get("last_seq")?);
        if number != i as i64 + 1 || first != next_seq {
            report.broken.push(format!("JR-3 block {number} does not follow the one before it"));
        }
        let rows = rows_between(cx, first, last).await?;
        if rows.len() as i64 != last - first + 1 {
            report.broken.push(format!("JR-2 rows {first}–{last}: {} of {} are there", rows.len(), last - first + 1));
        }
        let hash: String = b.get("hash")?;
        if b.get::<String>("previous_hash")? != previous || block_hash(&previous, &rows)? != hash {
            report.broken.push(format!("JR-3 block {number} (rows {first}–{last}): its rows were altered"));
        }
        if !signature_holds(b, &hash, trusted_key)? {
            report.broken.push(format!("JR-3 block {number}: its signature does not hold"));
        }
        (previous, next_seq) = (hash, last + 1);
        report.rows += rows.len() as i64;
        report.blocks += 1;
    }
    let tail =
        cx.one("SELECT COUNT(*) AS n, MAX(seq) AS last FROM journal_row WHERE seq >= $1", params![next_seq]).await?;
    let (n, last): (i64, Option<i64>) = (tail.get("n")?, tail.get("last")?);
    if last.is_some_and(|l| l - next_seq + 1 != n) {
        report.broken.push(format!("JR-2 rows after {next_seq}: a number is missing"));
    }
    report.unsealed_rows = n;
    report.rows += n;
    Ok(report)
}

fn signature_holds(block: &Row, hash: &str, trusted_key: Option<&str>) -> Result<bool, StoreError> {
    let stated: String = block.get("public_key")?;
    if trusted_key.is_some_and(|k| k != stated) {
        return Ok(false);
    }
    let signature: String = block.get("signature")?;
    let key = hex::decode(stated).ok().and_then(|b| b.try_into().ok()).and_then(|b| VerifyingKey::from_bytes(&b).ok());
    let signature = hex::decode(signature).ok().and_then(|b| Signature::from_slice(&b).ok());
    Ok(matches!((key, signature), (Some(k), Some(s)) if k.verify(hash.as_bytes(), &s).is_ok()))
}
