//! Segments as DataFusion's Parquet reader wants them: read through the lake's disk, every block checked, footers kept.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lake::segment::SegmentFile;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

/// The segments that a query reads. As long as it holds them they are not removed.
pub(crate) struct Files(HashMap<String, Arc<SegmentFile>>);

impl Files {
    pub fn new(files: &[Arc<SegmentFile>]) -> Files {
        Files(files.iter().map(|f| (f.stated.path.clone(), f.clone())).collect())
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl ParquetFileReaderFactory for Files {
    fn create_reader(
        &self,
        _: usize,
        file: PartitionedFile,
        _: Option<usize>,
        _: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let name = file.object_meta.location.as_ref();
        let file = self.0.get(name).ok_or_else(|| DataFusionError::Internal(format!("{name} is no segment")))?;
        Ok(Box::new(Reading(file.clone())))
    }
}

struct Reading(Arc<SegmentFile>);

fn external(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl AsyncFileReader for Reading {
    // A local disk, and mostly its cache: handing each read to another thread costs more than the read.
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        std::future::ready(self.0.read_range(range).map_err(external)).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        std::future::ready(self.0.footer().map(|f| f.metadata().clone()).map_err(external)).boxed()
    }
}
