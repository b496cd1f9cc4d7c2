//! SQL over the lake: memory and segments as one table,
//! `readings(device, property, device_time, server_time, number, flag, text, quality)`.
//!
//! A query sees the table as it was when it began, each reading once, though memory becomes a segment and segments are put
//! together while it runs ([`lake::Snapshot`]). Only `SELECT` is there, within limits of rows, memory and time; who passes
//! one is told which.
//!
//! It stands under `base` and not among the engines since DataFusion needs a runtime.

mod bounds;
mod files;
mod merged;
mod table;

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast;
use futures_util::StreamExt;
use lake::Lake;

use table::Readings;

/// What a query may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows of the result.
    pub rows_max: usize,
    /// Memory for sorting, grouping and joining; nothing goes to disk.
    pub memory_bytes_max: usize,
    /// Time from the beginning to the last row.
    pub time_max: Duration,
}

impl Default for QueryLimits {
    fn default() -> Self {
        QueryLimits { rows_max: 100_000, memory_bytes_max: 256 << 20, time_max: Duration::from_secs(30) }
    }
}

/// Why a query has no result.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Not SQL.
    #[error("this is not SQL: {0}")]
    Syntax(String),
    /// SQL, and not one query.
    #[error("only one SELECT at a time is allowed here")]
    NotAQuery,
    /// It asks for what is not there or does not fit together.
    #[error("the query cannot be answered: {0}")]
    Meaning(String),
    /// More rows than may be.
    #[error("the result has more than {rows_max} rows; ask for fewer, or for groups")]
    TooManyRows {
        /// As many as may be.
        rows_max: usize,
    },
    /// More memory than may be.
    #[error("the query needs more than {memory_bytes_max} bytes of memory; ask for a shorter time or fewer groups")]
    TooMuchMemory {
        /// As much as may be.
        memory_bytes_max: usize,
    },
    /// Longer than may be.
    #[error("the query took longer than {} s; ask for a shorter time", .time_max.as_secs_f64())]
    TooSlow {
        /// As long as may be.
        time_max: Duration,
    },
    /// The lake fails.
    #[error("the lake does not read: {0}")]
    Lake(String),
}

/// Answers queries over one lake.
#[derive(Clone)]
pub struct Sql {
    lake: Arc<Lake>,
    threads: usize,
}

impl Sql {
    /// Over this lake, a query on at most so many threads of the runtime.
    pub fn new(lake: Arc<Lake>, threads: usize) -> Sql {
        Sql { lake, threads: threads.max(1) }
    }

    /// The rows that the query asks for. Runs on the tokio runtime that it is called on.
    pub async fn sql(&self, text: &str, limits: QueryLimits) -> Result<Vec<RecordBatch>, QueryError> {
        let statement = one_query(text)?;
        tokio::time::timeout(limits.time_max, self.run(statement, limits))
            .await
            .unwrap_or(Err(QueryError::TooSlow { time_max: limits.time_max }))
    }

    async fn run(&self, statement: Statement, limits: QueryLimits) -> Result<Vec<RecordBatch>, QueryError> {
        let wrong = |e: DataFusionError| named(e, limits);
        let no_disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_limit(limits.memory_bytes_max, 1.0)
            .with_disk_manager_builder(no_disk)
            .build_arc()
            .map_err(wrong)?;
        let config = SessionConfig::new().with_target_partitions(self.threads).with_information_schema(false);
        let session = SessionContext::new_with_config_rt(config, runtime);
        let readings = Arc::new(Readings::new(self.lake.clone()));
        session.register_table("readings", readings.clone()).map_err(wrong)?;
        let plan = session.state().statement_to_plan(statement).await.map_err(wrong)?;
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)
            .map_err(|_| QueryError::NotAQuery)?;
        if scans(&plan).map_err(wrong)? > 1 {
            // The same moment for all of them: what each wants is not known before the first is read.
            readings.share_one_moment();
        }
        let frame = session.execute_logical_plan(plan).await.map_err(wrong)?;
        let task = Arc::new(frame.task_ctx());
        let plan = interruptible(frame.create_physical_plan().await.map_err(wrong)?).map_err(wrong)?;
        let mut rows = execute_stream(plan, task).map_err(wrong)?;
        let (mut batches, mut count) = (Vec::new(), 0);
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(wrong)?;
            count += batch.num_rows();
            if count > limits.rows_max {
                return Err(QueryError::TooManyRows { rows_max: limits.rows_max });
            }
            batches.push(batch);
        }
        if batches.is_empty() {
            // So that whoever shows it knows the columns.
            batches.push(RecordBatch::new_empty(rows.schema()));
        }
        Ok(batches)
    }
}

fn one_query(text: &str) -> Result<Statement, QueryError> {
    let statements = DFParser::parse_sql(text).map_err(|e| QueryError::Syntax(e.to_string()))?;
    let mut statements = statements.into_iter();
    match (statements.next(), statements.next()) {
        (Some(Statement::Statement(statement)), None) if matches!(*statement, ast::Statement::Query(_)) => {
            Ok(Statement::Statement(statement))
        }
        _ => Err(QueryError::NotAQuery),
    }
}

/// A join may make a million rows of what is read at once: it has to give way now and then, or no time limit would hold.
fn interruptible(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let wrapped = plan.transform_up(|node| {
        Ok(if node.name().contains("Join") {
            Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>)
        } else {
            Transformed::no(node)
        })
    })?;
    Ok(wrapped.data)
}

/// How often the plan reads a table.
fn scans(plan: &LogicalPlan) -> Result<usize, DataFusionError> {
    let mut count = 0;
    plan.apply_with_subqueries(|node| {
        count += usize::from(matches!(node, LogicalPlan::TableScan(_)));
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(count)
}

fn named(error: DataFusionError, limits: QueryLimits) -> QueryError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => {
            QueryError::TooMuchMemory { memory_bytes_max: limits.memory_bytes_max }
        }
        DataFusionError::ParquetError(_) | DataFusionError::IoError(_) | DataFusionError::External(_) => {
            QueryError::Lake(error.to_string())
        }
        DataFusionError::SQL(..) => QueryError::Syntax(error.strip_backtrace()),
        _ => QueryError::Meaning(error.strip_backtrace()),
    }
}
