//! What the pages and the API show of the money: the tree of accounts, and the transfers of one account.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{Action, Fen, Lang, Subject, Text};
use serde::Serialize;
use store::{Cx, Row, StoreError, params};

use crate::account_title;

store::refusals! {
    /// Why the books are not shown.
    pub enum ReadError {}
}

/// One account of the money tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountLine {
    /// The account.
    pub id: String,
    /// Its kind (`ledger::AccountKind::code`).
    pub kind: String,
    /// The account that feeds it; empty at a root.
    pub parent: String,
    /// Taken in so far.
    pub taken_fen: Fen,
    /// Given away so far.
    pub given_fen: Fen,
    /// Held to leave.
    pub held_fen: Fen,
    /// What may still be taken.
    pub available_fen: Fen,
    /// Takes and gives nothing more.
    pub closed: bool,
}

/// All vouchers that one quota has fed, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VoucherSum {
    /// The quota's account.
    pub quota: String,
    /// How many vouchers.
    pub count: i64,
    /// Issued to them.
    pub taken_fen: Fen,
    /// Settled, returned or expired.
    pub given_fen: Fen,
    /// Held by orders.
    pub held_fen: Fen,
    /// Still to be spent.
    pub available_fen: Fen,
}

/// One transfer as seen from one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// The other account.
    pub other: String,
    /// Did the account take (`true`) or give?
    pub taken: bool,
    /// How much.
    pub amount_fen: Fen,
    /// Why (`ledger::Code::code`).
    pub code: String,
    /// How (`ledger::TransferKind::code`).
    pub kind: String,
    /// The hold it resolves.
    pub pending_id: Option<String>,
    /// The record that caused it.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

async fn may_view(cx: &mut Cx) -> Result<(), ReadError> {
    if cx.permits(Action::ViewFunds, &Subject::none()) { Ok(()) } else { Err(ReadError::Forbidden) }
}

fn line(r: &Row) -> Result<AccountLine, StoreError> {
    Ok(AccountLine {
        id: r.get("account_id")?,
        kind: r.get("kind")?,
        parent: r.get("parent")?,
        taken_fen: r.get("taken_fen")?,
        given_fen: r.get("given_fen")?,
        held_fen: r.get("held_fen")?,
        available_fen: r.get("available_fen")?,
        closed: r.get("closed")?,
    })
}

fn lines(rows: Vec<Row>) -> Result<Vec<AccountLine>, ReadError> {
    Ok(rows.iter().map(line).collect::<Result<_, _>>()?)
}

/// The accounts that nothing feeds: appropriations, the bank, what is owed to providers and by them.
pub async fn roots(cx: &mut Cx, after: &str, limit: i64) -> Result<Vec<AccountLine>, ReadError> {
    children(cx, "", after, limit).await
}

/// The accounts that `parent` feeds, by kind and id; `after` is the `kind id` of the last one seen.
pub async fn children(cx: &mut Cx, parent: &str, after: &str, limit: i64) -> Result<Vec<AccountLine>, ReadError> {
    may_view(cx).await?;
    let (kind, id) = after.split_once(' ').unwrap_or(("", ""));
    let sql = "SELECT * FROM pub_funds_account WHERE parent = $1 AND (kind > $2 OR (kind = $2 AND account_id > $3)) \
               ORDER BY kind, account_id LIMIT $4";
    lines(cx.all(sql, params![parent, kind, id, limit]).await?)
}

/// Every account of a programme's tree above the vouchers: programme, batches, quotas.
pub async fn programmes(cx: &mut Cx) -> Result<Vec<AccountLine>, ReadError> {
    may_view(cx).await?;
    let sql = "SELECT * FROM pub_funds_account WHERE kind IN ('appropriation', 'programme', 'district', 'batch', \
               'recovered') ORDER BY account_id";
    lines(cx.all(sql, vec![]).await?)
}

/// Vouchers summed by the quota that fed them.
pub async fn voucher_sums(cx: &mut Cx) -> Result<Vec<VoucherSum>, ReadError> {
    may_view(cx).await?;
    let sql = "SELECT parent, COUNT(*) AS n, CAST(SUM(taken_fen) AS BIGINT) AS taken_fen, \
               CAST(SUM(given_fen) AS BIGINT) AS given_fen, CAST(SUM(held_fen) AS BIGINT) AS held_fen, \
               CAST(SUM(available_fen) AS BIGINT) AS available_fen \
               FROM pub_funds_account WHERE kind = 'voucher' GROUP BY parent ORDER BY parent";
    let mut sums = Vec::new();
    for r in cx.all(sql, vec![]).await? {
        sums.push(VoucherSum {
            quota: r.get("parent")?,
            count: r.get("n")?,
            taken_fen: r.get("taken_fen")?,
            given_fen: r.get("given_fen")?,
            held_fen: r.get("held_fen")?,
            available_fen: r.get("available_fen")?,
        });
    }
    Ok(sums)
}

/// One account.
pub async fn account_line(cx: &mut Cx, id: &str) -> Result<AccountLine, ReadError> {
    may_view(cx).await?;
    let row = cx.opt("SELECT * FROM pub_funds_account WHERE account_id = $1", params![id]).await?;
    row.as_ref().map_or(Err(ReadError::NotFound), |r| Ok(line(r)?))
}

/// An account's transfers, newest first, at most `limit`; those before number `before` if it is given. Whoever may see
/// the account's owner asks here, so the permission is the caller's to check.
pub async fn entries(cx: &mut Cx, account: &str, before: Option<i64>, limit: i64) -> Result<Vec<Entry>, StoreError> {
    // Walks the account's chain from its newest transfer, or from the one that the cursor names.
    let sql = "WITH RECURSIVE walk (seq, n) AS ( \
                 SELECT CASE WHEN $2 = 0 THEN a.last_seq ELSE COALESCE((SELECT CASE WHEN t.debit = $1 \
                   THEN t.debit_previous_seq ELSE t.credit_previous_seq END FROM funds_transfer t \
                   WHERE t.seq = $2 AND (t.debit = $1 OR t.credit = $1)), 0) END, CAST(1 AS BIGINT) \
                 FROM funds_account a WHERE a.id = $1 \
                 UNION ALL \
                 SELECT CASE WHEN t.debit = $1 THEN t.debit_previous_seq ELSE t.credit_previous_seq END, w.n + 1 \
                 FROM walk w JOIN funds_transfer t ON t.seq = w.seq WHERE w.n < $3) \
               SELECT t.seq, t.id, t.debit, t.credit, t.amount_fen, t.code, t.kind, t.pending_id, t.reference, t.at_us, \
                 a.kind AS account_kind \
               FROM walk w JOIN funds_transfer t ON t.seq = w.seq JOIN funds_account a ON a.id = $1 \
               ORDER BY t.seq DESC LIMIT $3";
    let rows = cx.all(sql, params![account, before.unwrap_or(0), limit]).await?;
    let mut all = Vec::with_capacity(rows.len());
    for r in &rows {
        let (debit, credit): (String, String) = (r.get("debit")?, r.get("credit")?);
        let is_debit = debit == account;
        let debit_normal = matches!(r.get::<String>("account_kind")?.as_str(), "bank" | "receivable");
        all.push(Entry {
            seq: r.get("seq")?,
            id: r.get("id")?,
            other: if is_debit { credit } else { debit },
            taken: is_debit == debit_normal,
            amount_fen: r.get("amount_fen")?,
            code: r.get("code")?,
            kind: r.get("kind")?,
            pending_id: r.get("pending_id")?,
            reference: r.get("reference")?,
            at: r.get("at_us")?,
        });
    }
    Ok(all)
}

/// What accounts are called, where another slice knows a name: programme, batch, provider, voucher.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, Text>);

impl Names {
    /// A name for people: `和平区额度`, `第一批（未分配到区）`, `应付服务商 津云科技`.
    pub fn of(&self, account: &str, lang: Lang) -> String {
        let (kind, rest) = account.split_once(':').unwrap_or((account, ""));
        let known = self.0.get(rest).map(|name| name.get(lang));
        match (kind, known) {
            ("batch", Some(name)) => lang.aside(name, lang.t("未分配到区", "not given to a district")),
            (_, Some(name)) => account_title(&format!("{kind}:"), lang) + name,
            _ => account_title(account, lang),
        }
    }

    /// The bare name of a programme, batch or provider, or its id.
    pub fn bare<'a>(&'a self, id: &'a str, lang: Lang) -> &'a str {
        self.0.get(id).map_or(id, |name| name.get(lang))
    }
}

/// The names of all programmes and batches, and of the providers and vouchers among `accounts`.
pub async fn names(cx: &mut Cx, accounts: &[&str]) -> Result<Names, StoreError> {
    let mut all = HashMap::new();
    for sql in [
        "SELECT id AS id, title_zh, title_en FROM pub_policy_programme ORDER BY version",
        "SELECT batch_id AS id, title_zh, title_en FROM pub_vouchers_batch",
    ] {
        for r in cx.all(sql, vec![]).await? {
            all.insert(r.get("id")?, Text { zh: r.get("title_zh")?, en: r.get("title_en")? });
        }
    }
    for account in accounts {
        let Some((kind, id)) = account.split_once(':') else { continue };
        let sql = match kind {
            "payable" | "receivable" => "SELECT name FROM pub_orgs_org WHERE org_id = $1",
            "voucher" => "SELECT number AS name FROM pub_vouchers_voucher WHERE voucher_id = $1",
            _ => continue,
        };
        if let Some(r) = cx.opt(sql, params![id]).await? {
            let name: String = r.get("name")?;
            all.insert(id.to_owned(), Text::new(name.clone(), name));
        }
    }
    Ok(Names(all))
}

/// Programmes that money can be granted to: the published ones.
pub async fn programme_choices(cx: &mut Cx) -> Result<Vec<(String, Text)>, ReadError> {
    may_view(cx).await?;
    let sql = "SELECT id, title_zh, title_en FROM pub_policy_programme WHERE state = 'published' ORDER BY id";
    let mut choices = Vec::new();
    for r in cx.all(sql, vec![]).await? {
        choices.push((r.get("id")?, Text { zh: r.get("title_zh")?, en: r.get("title_en")? }));
    }
    Ok(choices)
}
