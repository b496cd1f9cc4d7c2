//! The table `readings`.

use std::fmt;
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, empty::EmptyExec};
use lake::segment::SegmentFile;
use lake::{Bounds, Lake, Snapshot};

use crate::bounds::bounds;
use crate::files::Files;
use crate::merged::Merged;

/// The lake as one query sees it.
pub(crate) struct Readings {
    lake: Arc<Lake>,
    schema: SchemaRef,
    /// For a query that reads the table more than once: the moment that all of it sees.
    moment: Mutex<Moment>,
}

enum Moment {
    /// Each read takes its own.
    Own,
    /// The first read takes one for all.
    Shared(Option<Arc<Snapshot>>),
}

impl Readings {
    pub fn new(lake: Arc<Lake>) -> Readings {
        Readings { lake, schema: lake::segment::schema(), moment: Mutex::new(Moment::Own) }
    }

    pub fn share_one_moment(&self) {
        *self.moment.lock().expect("no panic while held") = Moment::Shared(None);
    }

    fn snapshot(&self, bounds: &Bounds) -> Result<Arc<Snapshot>> {
        let take = |bounds: &Bounds| {
            self.lake.snapshot(bounds).map(Arc::new).map_err(|e| DataFusionError::External(Box::new(e)))
        };
        match &mut *self.moment.lock().expect("no panic while held") {
            Moment::Own => take(bounds),
            Moment::Shared(Some(snapshot)) => Ok(snapshot.clone()),
            Moment::Shared(none) => Ok(none.insert(take(&Bounds::default())?).clone()),
        }
    }
}

impl fmt::Debug for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("readings")
    }
}

#[async_trait]
impl TableProvider for Readings {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Files and pages are passed over; rows are still looked at one by one.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let bounds = bounds(filters);
        let snapshot = self.snapshot(&bounds)?;
        let (mut plain, mut merged) = (Vec::new(), Vec::<Arc<dyn PartitionStream>>::new());
        for part in &snapshot.parts {
            match (part.segments.as_slice(), part.memory.is_empty()) {
                ([one], true) if one.stated.times_us.0 >= snapshot.kept_from_us => plain.push(one.clone()),
                _ => merged.push(Arc::new(Merged {
                    part: part.clone(),
                    bounds: bounds.clone(),
                    kept_from_us: snapshot.kept_from_us,
                    schema: self.schema.clone(),
                })),
            }
        }
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !plain.is_empty() {
            plans.push(self.files(state, &plain, projection, filters)?);
        }
        if !merged.is_empty() {
            let schema = self.schema.clone();
            plans.push(Arc::new(StreamingTableExec::try_new(schema, merged, projection, [], false, None)?));
        }
        match plans.len() {
            0 => {
                let columns =
                    projection.map_or_else(|| Ok(self.schema.clone()), |p| self.schema.project(p).map(Arc::new));
                Ok(Arc::new(EmptyExec::new(columns?)))
            }
            1 => Ok(plans.swap_remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }
}

impl Readings {
    /// Segments that hold nothing that another source holds: DataFusion reads them by itself, on as many threads as it may.
    fn files(
        &self,
        state: &dyn Session,
        files: &[Arc<SegmentFile>],
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source = ParquetSource::new(self.schema.clone())
            .with_parquet_file_reader_factory(Arc::new(Files::new(files)))
            .with_enable_page_index(true);
        if let Some(condition) = conjunction(filters.iter().cloned()) {
            let columns = DFSchema::try_from(self.schema.as_ref().clone())?;
            source = source.with_predicate(state.create_physical_expr(condition, &columns)?);
        }
        let group = |f: &Arc<SegmentFile>| FileGroup::new(vec![PartitionedFile::new(&f.stated.path, f.stated.bytes)]);
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(files.iter().map(group).collect())
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
