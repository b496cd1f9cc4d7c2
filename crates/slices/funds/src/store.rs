//! Every SQL statement that writes money or loads what the engine decides on. Set-based: a batch costs a handful of
//! statements, whatever its size. Statements come in a few fixed sizes, so that each is prepared once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use jiff::civil::Date;
use kernel::Fen;
use ledger::{Account, AccountKind, Accounts, Code, Counters, Limit, Transfer, TransferKind, Wanted};
use store::{Cx, Param, Row, StoreError, params};

/// Rows a multi-row statement may have, largest first. SQLite takes 32,766 parameters, PostgreSQL 65,535.
const IDS: [usize; 5] = [8192, 1024, 128, 16, 1];
const TRANSFER_ROWS: [usize; 5] = [2048, 512, 64, 8, 1];
const ACCOUNT_ROWS: [usize; 5] = [4096, 512, 64, 8, 1];

const TRANSFER_COLUMNS: &str = "id, seq, debit, credit, amount_fen, code, kind, pending_id, expires_on, linked, \
                                reference, at_us, debit_previous_seq, credit_previous_seq";
const ACCOUNT_COLUMNS: &str = "id, kind, floor, closed, opened_at_us, debits_pending_fen, debits_posted_fen, \
                               credits_pending_fen, credits_posted_fen, last_seq";

/// An account and the number of its newest transfer.
pub(crate) struct Stored {
    pub(crate) account: Account,
    pub(crate) last_seq: i64,
}

/// What a batch is decided on.
pub(crate) struct Loaded {
    pub(crate) accounts: Accounts,
    pub(crate) transfers: Vec<Transfer>,
    /// Each account's newest transfer.
    pub(crate) chains: HashMap<String, i64, RandomState>,
}

/// A transfer with its number and its place in the chains of its two accounts.
pub(crate) struct NewTransfer<'a> {
    pub(crate) transfer: &'a Transfer,
    pub(crate) seq: i64,
    pub(crate) debit_previous: i64,
    pub(crate) credit_previous: i64,
}

pub(crate) async fn load(cx: &mut Cx, wanted: &Wanted<'_>) -> Result<Loaded, StoreError> {
    let stored = accounts(cx, &wanted.account_ids).await?;
    let mut chains = HashMap::with_capacity_and_hasher(stored.len(), RandomState::default());
    let mut all = Accounts::default();
    for s in stored {
        chains.insert(s.account.id.clone(), s.last_seq);
        all.insert(s.account);
    }
    let mut transfers = by_ids(cx, &BY_ID, &wanted.transfer_ids, transfer).await?;
    let mut resolvers = by_ids(cx, &BY_PENDING, &wanted.pending_ids, transfer).await?;
    // A retry of a resolution finds the same transfer both ways.
    resolvers.retain(|r| wanted.transfer_ids.binary_search(&r.id.as_str()).is_err());
    transfers.append(&mut resolvers);
    Ok(Loaded { accounts: all, transfers, chains })
}

/// The accounts with these ids, as one value with a line for each: ten columns of thousands of rows would each be
/// copied and handed over one by one, which costs more than finding them.
pub(crate) async fn accounts(cx: &mut Cx, ids: &[&str]) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for row in by_ids(cx, &ACCOUNTS, ids, |r| r.get::<Option<String>>("lines")).await? {
        for line in row.iter().flat_map(|lines| lines.split('\n')) {
            found.push(account_of_line(line)?);
        }
    }
    Ok(found)
}

/// `kind floor closed opened_at_us debits_pending debits_posted credits_pending credits_posted last_seq id`
fn account_of_line(line: &str) -> Result<Stored, StoreError> {
    let broken = || StoreError::Column { column: "lines".into(), why: format!("{line:?} is not an account") };
    let mut parts = line.splitn(10, ' ');
    let mut part = || parts.next().ok_or_else(broken);
    let kind = AccountKind::from_code(part()?).ok_or_else(broken)?;
    let limit = Limit::from_code(part()?).ok_or_else(broken)?;
    let closed = matches!(part()?, "1" | "true");
    let mut number = || part()?.parse::<i64>().map_err(|_| broken());
    let opened_at = jiff::Timestamp::from_microsecond(number()?).map_err(|_| broken())?;
    let counters = Counters {
        debits_pending: Fen(number()?),
        debits_posted: Fen(number()?),
        credits_pending: Fen(number()?),
        credits_posted: Fen(number()?),
    };
    let last_seq = number()?;
    let account = Account { id: part()?.to_owned(), kind, counters, limit, closed, opened_at };
    Ok(Stored { account, last_seq })
}

/// One text for each size of a statement, made when first needed. The two databases differ in how a place is written:
/// SQLite takes `$1` for a name and searches all names at every one, which grows with the square of their number.
struct Sized {
    make: fn(usize, Places) -> String,
    texts: [[OnceLock<String>; 5]; 2],
    sizes: [usize; 5],
}

/// How a parameter's place is written.
#[derive(Clone, Copy)]
enum Places {
    /// `?`
    Unnamed,
    /// `$1`
    Numbered,
}

impl Sized {
    const fn new(sizes: [usize; 5], make: fn(usize, Places) -> String) -> Sized {
        Sized { make, sizes, texts: [const { [const { OnceLock::new() }; 5] }; 2] }
    }
    fn text(&'static self, i: usize, is_postgres: bool) -> &'static str {
        let places = if is_postgres { Places::Numbered } else { Places::Unnamed };
        self.texts[usize::from(is_postgres)][i].get_or_init(|| (self.make)(self.sizes[i], places))
    }
    /// The largest size that `rows` fill.
    fn full(&self, rows: usize) -> usize {
        self.sizes.iter().position(|size| *size <= rows).unwrap_or(self.sizes.len() - 1)
    }
    /// The smallest size that holds `rows`, or else the largest.
    fn holding(&self, rows: usize) -> usize {
        self.sizes.iter().rposition(|size| *size >= rows).unwrap_or(0)
    }
}

static ACCOUNTS: Sized = Sized::new(IDS, |n, p| {
    let line = "string_agg(kind || ' ' || floor || ' ' || closed || ' ' || opened_at_us || ' ' || debits_pending_fen || ' ' \
                || debits_posted_fen || ' ' || credits_pending_fen || ' ' || credits_posted_fen || ' ' || last_seq || ' ' \
                || id, '\n') AS lines";
    select(line, "funds_account", "id", n, p)
});
static BY_ID: Sized = Sized::new(IDS, |n, p| select(TRANSFER_COLUMNS, "funds_transfer", "id", n, p));
static BY_PENDING: Sized = Sized::new(IDS, |n, p| select(TRANSFER_COLUMNS, "funds_transfer", "pending_id", n, p));
static INSERT_TRANSFERS: Sized = Sized::new(TRANSFER_ROWS, |n, p| {
    let mut sql = format!("INSERT INTO funds_transfer ({TRANSFER_COLUMNS}) VALUES ");
    rows(&mut sql, n, 14, p, "");
    sql
});
static UPDATE_ACCOUNTS: Sized = Sized::new(ACCOUNT_ROWS, |n, p| {
    // Written as an upsert since that is the one multi-row update that both databases take; the accounts exist, so
    // the constants are never stored.
    let mut sql = String::from(
        "INSERT INTO funds_account (id, debits_pending_fen, debits_posted_fen, credits_pending_fen, \
         credits_posted_fen, last_seq, kind, floor, parent, closed, opened_at_us) VALUES ",
    );
    rows(&mut sql, n, 6, p, ", '', '', '', FALSE, 0");
    sql.push_str(
        " ON CONFLICT (id) DO UPDATE SET debits_pending_fen = excluded.debits_pending_fen, \
         debits_posted_fen = excluded.debits_posted_fen, credits_pending_fen = excluded.credits_pending_fen, \
         credits_posted_fen = excluded.credits_posted_fen, last_seq = excluded.last_seq",
    );
    sql
});

fn select(columns: &str, table: &str, key: &str, n: usize, places: Places) -> String {
    let mut sql = format!("SELECT {columns} FROM {table} WHERE {key} IN ");
    rows(&mut sql, 1, n, places, "");
    sql
}

/// `($1, $2), ($3, $4)` with `tail` before each closing bracket.
fn rows(sql: &mut String, n: usize, columns: usize, places: Places, tail: &str) {
    for row in 0..n {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { ", " };
            match places {
                Places::Unnamed => write!(sql, "{comma}?"),
                Places::Numbered => write!(sql, "{comma}${}", row * columns + column + 1),
            }
            .expect("to a string");
        }
        sql.push_str(tail);
        sql.push(')');
    }
}

async fn by_ids<T>(
    cx: &mut Cx,
    sql: &'static Sized,
    ids: &[&str],
    read: fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    let mut rest = ids;
    while !rest.is_empty() {
        let i = sql.holding(rest.len());
        let size = sql.sizes[i];
        let (now, later) = rest.split_at(size.min(rest.len()));
        // What is left of the statement's places repeats the last id: it changes nothing in a set.
        let last = now[now.len() - 1];
        let values = now.iter().copied().chain(std::iter::repeat(last)).take(size).map(Param::from).collect();
        for row in &cx.all(sql.text(i, cx.is_postgres()), values).await? {
            found.push(read(row)?);
        }
        rest = later;
    }
    Ok(found)
}

pub(crate) async fn last_seq(cx: &mut Cx) -> Result<i64, StoreError> {
    cx.one("SELECT COALESCE(MAX(seq), 0) AS last FROM funds_transfer", vec![]).await?.get("last")
}

pub(crate) async fn insert_transfers(cx: &mut Cx, all: &[NewTransfer<'_>]) -> Result<(), StoreError> {
    let mut rest = all;
    while !rest.is_empty() {
        let i = INSERT_TRANSFERS.full(rest.len());
        let (now, later) = rest.split_at(INSERT_TRANSFERS.sizes[i]);
        let mut values = Vec::with_capacity(now.len() * 14);
        for n in now {
            let t = n.transfer;
            values.extend([
                Param::from(&t.id),
                n.seq.into(),
                (&t.debit).into(),
                (&t.credit).into(),
                t.amount.into(),
                t.code.code().into(),
                t.kind.code().into(),
                t.kind.pending_id().into(),
                t.kind.expires_on().into(),
                t.linked.into(),
                (&t.reference).into(),
                t.at.into(),
                n.debit_previous.into(),
                n.credit_previous.into(),
            ]);
        }
        cx.execute(INSERT_TRANSFERS.text(i, cx.is_postgres()), values).await?;
        rest = later;
    }
    Ok(())
}

pub(crate) async fn update_accounts(cx: &mut Cx, all: &[(&Account, i64)]) -> Result<(), StoreError> {
    let mut rest = all;
    while !rest.is_empty() {
        let i = UPDATE_ACCOUNTS.full(rest.len());
        let (now, later) = rest.split_at(UPDATE_ACCOUNTS.sizes[i]);
        let mut values = Vec::with_capacity(now.len() * 6);
        for (account, last_seq) in now {
            let c = &account.counters;
            let sums = [c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted];
            values.push(Param::from(&account.id));
            values.extend(sums.map(Param::from));
            values.push((*last_seq).into());
        }
        cx.execute(UPDATE_ACCOUNTS.text(i, cx.is_postgres()), values).await?;
        rest = later;
    }
    Ok(())
}

pub(crate) async fn insert_account(cx: &mut Cx, account: &Account, parent: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO funds_account (id, kind, floor, parent, closed, opened_at_us, debits_pending_fen, \
               debits_posted_fen, credits_pending_fen, credits_posted_fen, last_seq) \
               VALUES ($1, $2, $3, $4, FALSE, $5, 0, 0, 0, 0, 0) ON CONFLICT (id) DO NOTHING";
    let a = account;
    if a.id.contains(char::is_whitespace) {
        let why = format!("an account is not named {:?}: no blanks", a.id);
        return Err(StoreError::Column { column: "id".into(), why });
    }
    cx.execute(sql, params![&a.id, a.kind.code(), a.limit.code(), parent, a.opened_at]).await?;
    Ok(())
}

pub(crate) async fn set_closed(cx: &mut Cx, id: &str, closed: bool) -> Result<(), StoreError> {
    match cx.execute("UPDATE funds_account SET closed = $2 WHERE id = $1", params![id, closed]).await? {
        0 => Err(StoreError::Missing(format!("funds_account {id}"))),
        _ => Ok(()),
    }
}

pub(crate) fn stored_account(r: &Row) -> Result<Stored, StoreError> {
    let counters = Counters {
        debits_pending: r.get("debits_pending_fen")?,
        debits_posted: r.get("debits_posted_fen")?,
        credits_pending: r.get("credits_pending_fen")?,
        credits_posted: r.get("credits_posted_fen")?,
    };
    let account = Account {
        id: r.get("id")?,
        kind: known(r, "kind", AccountKind::from_code)?,
        counters,
        limit: known(r, "floor", Limit::from_code)?,
        closed: r.get("closed")?,
        opened_at: r.get("opened_at_us")?,
    };
    Ok(Stored { account, last_seq: r.get("last_seq")? })
}

pub(crate) fn transfer(r: &Row) -> Result<Transfer, StoreError> {
    let kind: String = r.get("kind")?;
    let (pending_id, expires_on): (Option<String>, Option<Date>) = (r.get("pending_id")?, r.get("expires_on")?);
    let contradicts = || StoreError::Column { column: "kind".into(), why: format!("{kind} contradicts its columns") };
    Ok(Transfer {
        id: r.get("id")?,
        debit: r.get("debit")?,
        credit: r.get("credit")?,
        amount: r.get::<Fen>("amount_fen")?,
        code: known(r, "code", Code::from_code)?,
        kind: TransferKind::from_parts(&kind, pending_id, expires_on).ok_or_else(contradicts)?,
        linked: r.get("linked")?,
        reference: r.get("reference")?,
        at: r.get("at_us")?,
    })
}

fn known<T>(r: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = r.get(column)?;
    read(&code).ok_or_else(|| StoreError::Column { column: column.into(), why: format!("{code:?} is not known") })
}

/// All accounts after `id`, in the order of their ids.
pub(crate) async fn accounts_after(cx: &mut Cx, id: &str, limit: i64) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {ACCOUNT_COLUMNS} FROM funds_account WHERE id > $1 ORDER BY id LIMIT $2");
    cx.all(sql, params![id, limit]).await
}

/// All transfers after number `seq`, in the order in which they were made.
pub(crate) async fn transfers_after(cx: &mut Cx, seq: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {TRANSFER_COLUMNS} FROM funds_transfer WHERE seq > $1 ORDER BY seq LIMIT $2");
    cx.all(sql, params![seq, limit]).await
}

/// One movement at the bank.
pub(crate) struct BankMovement<'a> {
    pub(crate) bank_reference: &'a str,
    pub(crate) transfer_id: &'a str,
    /// `out` or `in`
    pub(crate) direction: &'a str,
    pub(crate) provider_id: &'a str,
    pub(crate) amount: Fen,
    pub(crate) moved_on: Date,
}

/// `false` if the bank's reference is on record already.
pub(crate) async fn insert_bank_movement(cx: &mut Cx, m: &BankMovement<'_>) -> Result<bool, StoreError> {
    let sql = "INSERT INTO funds_bank_movement (bank_reference, transfer_id, direction, provider_id, amount_fen, \
               moved_on) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (bank_reference) DO NOTHING";
    let values = params![m.bank_reference, m.transfer_id, m.direction, m.provider_id, m.amount, m.moved_on];
    Ok(cx.execute(sql, values).await? == 1)
}
