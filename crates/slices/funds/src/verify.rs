//! Checks the books as they are on disk, streaming: LG-1 … LG-5, and that no transfer's number or place is missing.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use kernel::Text;
use ledger::{Invariant, Violation};
use store::{Cx, Row, StoreError};

use crate::store as records;

/// Rows fetched at a time.
const CHUNK: i64 = 10_000;
/// Broken numbers and chains are named one by one up to so many.
const NAMED_MAX: usize = 100;

/// Walks every account and every transfer; nothing in the answer means that the books are right. A row that does not
/// even read as a transfer is named like the rest.
pub async fn verify(cx: &mut Cx) -> Result<Vec<Violation>, StoreError> {
    let mut checker = ledger::Checker::new();
    let mut rest = Rest::default();
    let mut after = String::new();
    loop {
        let rows = records::accounts_after(cx, &after, CHUNK).await?;
        let Some(last) = rows.last() else { break };
        after = last.get("id")?;
        for row in &rows {
            match records::stored_account(row) {
                Ok(stored) => {
                    checker.account(&stored.account);
                    rest.stored.insert(stored.account.id, stored.last_seq);
                }
                Err(e) => rest.report(&row.get::<String>("id")?, unreadable(&e)),
            }
        }
    }
    let mut after = 0;
    loop {
        let rows = records::transfers_after(cx, after, CHUNK).await?;
        let Some(last) = rows.last() else { break };
        after = last.get("seq")?;
        for row in &rows {
            rest.place(row)?;
            match records::transfer(row) {
                Ok(transfer) => checker.transfer(&transfer),
                Err(e) => rest.report(&row.get::<String>("id")?, unreadable(&e)),
            }
        }
    }
    let mut violations = checker.finish();
    violations.extend(rest.finish());
    Ok(violations)
}

fn unreadable(e: &StoreError) -> Text {
    Text::new(format!("记录不可读：{e}"), format!("the row does not read: {e}"))
}

/// Numbers and chains: what the engine does not know of.
#[derive(Default)]
struct Rest {
    next_seq: i64,
    walked: HashMap<String, i64, RandomState>,
    stored: HashMap<String, i64, RandomState>,
    found: Vec<Violation>,
    more: usize,
}

impl Rest {
    fn report(&mut self, subject: &str, what: Text) {
        if self.found.len() >= NAMED_MAX {
            self.more += 1;
            return;
        }
        let (invariant, subject) = (Invariant::TransfersAreWellFormed, subject.to_owned());
        self.found.push(Violation { invariant, subject, what });
    }

    fn place(&mut self, row: &Row) -> Result<(), StoreError> {
        let (id, seq): (String, i64) = (row.get("id")?, row.get("seq")?);
        let expected = self.next_seq + 1;
        self.next_seq = seq;
        if seq != expected {
            let (zh, en) = (
                format!("编号 {expected} 至 {} 缺失", seq - 1),
                format!("numbers {expected} to {} are missing", seq - 1),
            );
            self.report(&id, Text::new(zh, en));
        }
        for (side, previous) in [("debit", "debit_previous_seq"), ("credit", "credit_previous_seq")] {
            let (account, previous): (String, i64) = (row.get(side)?, row.get(previous)?);
            let walked = self.walked.insert(account.clone(), seq).unwrap_or(0);
            if walked != previous {
                let zh = format!("在账户 {account} 的链上应接第 {walked} 笔，记录为第 {previous} 笔");
                let en = format!("in the chain of {account} it follows number {walked}, but says {previous}");
                self.report(&id, Text::new(zh, en));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Violation> {
        let mut loose: Vec<(String, i64, i64)> = Vec::new();
        for (account, stored) in &self.stored {
            let walked = self.walked.get(account).copied().unwrap_or(0);
            if walked != *stored {
                loose.push((account.clone(), *stored, walked));
            }
        }
        loose.sort_unstable();
        for (account, stored, walked) in loose {
            let zh = format!("账户最后一笔记为第 {stored} 笔，实为第 {walked} 笔");
            let en = format!("its newest transfer is stored as number {stored}, but is number {walked}");
            self.report(&account, Text::new(zh, en));
        }
        if self.more > 0 {
            let what = Text::new(format!("另有 {} 处", self.more), format!("and {} more", self.more));
            self.found.push(Violation { invariant: Invariant::TransfersAreWellFormed, subject: String::new(), what });
        }
        self.found
    }
}
