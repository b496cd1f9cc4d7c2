//! Parts of a snapshot that must be read in one order, as a stream for DataFusion.

use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use lake::{Bounds, Part};

/// A part, and from when on its readings are kept.
pub(crate) struct Merged {
    pub part: Part,
    pub bounds: Bounds,
    pub kept_from_us: i64,
    pub schema: SchemaRef,
}

impl fmt::Debug for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} segments with memory", self.part.segments.len())
    }
}

impl PartitionStream for Merged {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let external = |e: Box<dyn std::error::Error + Send + Sync>| DataFusionError::External(e);
        let kept_from_us = self.kept_from_us;
        let rows: Box<dyn Iterator<Item = Result<RecordBatch>> + Send> = match self.part.rows(&self.bounds) {
            Ok(rows) => Box::new(rows.map(move |batch| kept(batch.map_err(|e| external(e.into()))?, kept_from_us))),
            Err(e) => Box::new(std::iter::once(Err(external(e.into())))),
        };
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), futures_util::stream::iter(rows)))
    }
}

fn kept(batch: RecordBatch, from_us: i64) -> Result<RecordBatch> {
    let at = batch.column(2).as_primitive::<TimestampMicrosecondType>().values();
    if at.iter().all(|at| *at >= from_us) {
        return Ok(batch);
    }
    let keep: BooleanArray = at.iter().map(|at| Some(*at >= from_us)).collect();
    Ok(filter_record_batch(&batch, &keep)?)
}
