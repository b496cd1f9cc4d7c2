//! What a use case is handed.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Action, Actor, IdSource, Subject};
use serde::Serialize;

use crate::{Conn, Param, Row, StoreError, Vault};

/// The connection inside its transaction, the time, the random source and the actor.
pub struct Cx {
    pub(crate) conn: Conn,
    /// When this use case runs; one instant for all that it does.
    pub now: Timestamp,
    /// The time outside at [`Cx::now`] (`kernel::Clock::wall`): only for what another machine works out by its own clock.
    pub wall: Timestamp,
    /// The random source.
    pub ids: IdSource,
    /// Who acts.
    pub actor: Actor,
    /// The request that caused it, for the journal and the logs.
    pub request_id: String,
    pub(crate) vault: Option<Vault>,
    pub(crate) journaled: u32,
    pub(crate) wrote: bool,
}

impl Cx {
    /// The date in China at [`Cx::now`].
    pub fn today(&self) -> Date {
        kernel::beijing_date(self.now)
    }

    /// A new id such as `vch_01J…`.
    pub fn new_id(&mut self, prefix: &str) -> String {
        kernel::new_id(prefix, self.now, &mut self.ids)
    }

    /// May the actor do this to that? The answer of the one permission table.
    pub fn permits(&self, action: Action, subject: &Subject<'_>) -> bool {
        kernel::permits(&self.actor, action, subject)
    }

    /// Runs a statement that changes records.
    pub async fn execute(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Result<u64, StoreError> {
        self.wrote = true;
        self.conn.execute(sql, params).await
    }

    /// All rows of a query.
    pub async fn all(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Result<Vec<Row>, StoreError> {
        self.conn.all(sql, params).await
    }

    /// The first row, if any.
    pub async fn opt(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Param>,
    ) -> Result<Option<Row>, StoreError> {
        self.conn.opt(sql, params).await
    }

    /// The first row; its absence is a fault.
    pub async fn one(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Result<Row, StoreError> {
        self.conn.one(sql, params).await
    }

    /// Is this PostgreSQL? Only for the few texts that cannot be one.
    pub fn is_postgres(&self) -> bool {
        self.conn.is_postgres()
    }

    /// A secret in a form that may be stored, bound to what it belongs to (`account/acc_1`).
    pub fn conceal(&mut self, belongs_to: &str, secret: &str) -> Result<String, StoreError> {
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        Ok(vault.conceal(belongs_to, secret, &mut self.ids))
    }

    /// A stored secret again.
    pub fn reveal(&self, belongs_to: &str, stored: &str) -> Result<String, StoreError> {
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        vault.reveal(belongs_to, stored).ok_or_else(|| StoreError::Concealed(belongs_to.to_owned()))
    }

    /// The next number of a series that people read, from 1 and without gaps: `next_number("case/2019")`.
    pub async fn next_number(&mut self, series: &str) -> Result<i64, StoreError> {
        let sql = "INSERT INTO counter (series, last_value) VALUES ($1, 1) \
                   ON CONFLICT (series) DO UPDATE SET last_value = counter.last_value + 1 RETURNING last_value";
        self.wrote = true;
        self.conn.one(sql, crate::params![series]).await?.get("last_value")
    }

    /// Writes the journal row of this use case: who, what, on what, when, before and after (JR-1).
    ///
    /// `verb` is the use case (`vouchers.issue`), `object` what it was done to (`voucher/vch_01…`). Secrets never go
    /// into `before` or `after`.
    pub async fn journal(
        &mut self,
        verb: &str,
        object: &str,
        before: &impl Serialize,
        after: &impl Serialize,
    ) -> Result<(), StoreError> {
        crate::journal::append(self, verb, object, before, after).await?;
        self.journaled += 1;
        Ok(())
    }
}
