//! One connection of either database, and the four things that are done with it.

use std::borrow::Cow;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection, Postgres};

use crate::sqlite::SqliteConn;
use crate::{Param, Row, SqlError, StoreError};

/// A connection. Statements use `$1, $2 …` on both databases.
pub enum Conn {
    /// SQLite.
    Sqlite(SqliteConn),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

/// Values travel only as parameters; the text is ours, at most assembled from fixed pieces.
fn postgres(
    sql: Cow<'static, str>,
    params: Vec<Param>,
) -> sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments> {
    let mut q = sqlx::query::<Postgres>(AssertSqlSafe(sql));
    for p in params {
        q = match p {
            Param::Int(v) => q.bind(v),
            Param::Text(v) => q.bind(v),
            Param::Bool(v) => q.bind(v),
            Param::Real(v) => q.bind(v),
        };
    }
    q
}

fn doing(sql: &str) -> String {
    sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
}

impl Conn {
    /// Runs a statement; how many rows it touched.
    pub async fn execute(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Result<u64, StoreError> {
        let sql = sql.into();
        let done = match self {
            Conn::Sqlite(c) => c.execute(&sql, &params),
            Conn::Postgres(c) => {
                postgres(sql.clone(), params).execute(&mut **c).await.map(|r| r.rows_affected()).map_err(SqlError::from)
            }
        };
        done.map_err(|source| StoreError::Sql { doing: doing(&sql), source })
    }

    /// All rows.
    pub async fn all(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into();
        let rows = match self {
            Conn::Sqlite(c) => c.all(&sql, &params).map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Conn::Postgres(c) => postgres(sql.clone(), params)
                .fetch_all(&mut **c)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect())
                .map_err(SqlError::from),
        };
        rows.map_err(|source| StoreError::Sql { doing: doing(&sql), source })
    }

    /// The first row, if there is one.
    pub async fn opt(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Param>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.all(sql, params).await?.into_iter().next())
    }

    /// The first row; its absence is a fault.
    pub async fn one(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Result<Row, StoreError> {
        let sql = sql.into();
        let what = doing(&sql);
        self.opt(sql, params).await?.ok_or(StoreError::Missing(what))
    }

    /// Several statements without parameters, as in a migration.
    pub async fn script(&mut self, sql: impl Into<Cow<'static, str>>) -> Result<(), StoreError> {
        let sql = sql.into();
        let done = match self {
            Conn::Sqlite(c) => c.script(&sql),
            Conn::Postgres(c) => {
                sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut **c).await.map(|_| ()).map_err(SqlError::from)
            }
        };
        done.map_err(|source| StoreError::Sql { doing: doing(&sql), source })
    }

    /// Is the connection alive?
    pub async fn ping(&mut self) -> Result<(), StoreError> {
        let done = match self {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(c) => c.ping().await.map_err(SqlError::from),
        };
        done.map_err(|source| StoreError::Sql { doing: "ping".into(), source })
    }

    /// Is this PostgreSQL? Only for the few texts that cannot be one.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Conn::Postgres(_))
    }
}
