//! A metric with all its series, found by index.

use std::fmt;
use std::marker::PhantomData;

use prometheus::core::Collector;
use prometheus::{Counter, Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use prometheus::{HistogramVec, IntGaugeVec};

use super::labels::Labels;
use super::table::{Kind, Row};

/// The series of a metric whose labels are `L`. Every combination exists from the start, so that a rate and an
/// alert on absence work from the first scrape.
pub(super) struct Family<L, C> {
    cells: Vec<C>,
    labels: PhantomData<fn(L)>,
}

impl<L, C> fmt::Debug for Family<L, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("series", &self.cells.len()).finish()
    }
}

impl<L: Labels, C: Cell> Family<L, C> {
    /// Makes and registers it. That fails for two rows of one name only, which a test rules out; a worker does not
    /// refuse to work for it.
    pub(super) fn register(registry: &Registry, row: &Row) -> Self {
        let cells = C::make(registry, row, &L::rows()).unwrap_or_else(|error| {
            tracing::error!(%error, metric = row.name, "a metric cannot be registered");
            Vec::new()
        });
        Self { cells, labels: PhantomData }
    }

    /// Looks at one series.
    pub(super) fn with(&self, labels: L, change: impl FnOnce(&C)) {
        if let Some(cell) = self.cells.get(labels.index()) {
            change(cell);
        }
    }
}

impl<L: Labels> Family<L, IntCounter> {
    /// Counts one.
    pub(super) fn inc(&self, labels: L) {
        self.with(labels, IntCounter::inc);
    }

    /// Counts some.
    pub(super) fn add(&self, labels: L, count: u64) {
        self.with(labels, |cell| cell.inc_by(count));
    }
}

impl<L: Labels> Family<L, Histogram> {
    /// Takes one value in.
    pub(super) fn observe(&self, labels: L, value: f64) {
        self.with(labels, |cell| cell.observe(value));
    }
}

/// A kind of series.
pub(super) trait Cell: Sized {
    /// Its name in the table.
    const KIND: Kind;

    /// One series for each of `rows`, registered together.
    fn make(registry: &Registry, row: &Row, rows: &[Vec<&'static str>]) -> prometheus::Result<Vec<Self>>;
}

fn register<V: Collector + Clone + 'static, C>(
    registry: &Registry,
    family: V,
    rows: &[Vec<&'static str>],
    series: impl Fn(&V, &[&'static str]) -> prometheus::Result<C>,
) -> prometheus::Result<Vec<C>> {
    registry.register(Box::new(family.clone()))?;
    rows.iter().map(|values| series(&family, values)).collect()
}

impl Cell for IntCounter {
    const KIND: Kind = Kind::Counter;

    fn make(registry: &Registry, row: &Row, rows: &[Vec<&'static str>]) -> prometheus::Result<Vec<Self>> {
        let family = IntCounterVec::new(Opts::new(row.name, row.help), &row.labels)?;
        register(registry, family, rows, |family, values| family.get_metric_with_label_values(values))
    }
}

impl Cell for IntGauge {
    const KIND: Kind = Kind::Gauge;

    fn make(registry: &Registry, row: &Row, rows: &[Vec<&'static str>]) -> prometheus::Result<Vec<Self>> {
        let family = IntGaugeVec::new(Opts::new(row.name, row.help), &row.labels)?;
        register(registry, family, rows, |family, values| family.get_metric_with_label_values(values))
    }
}

impl Cell for Histogram {
    const KIND: Kind = Kind::Histogram;

    fn make(registry: &Registry, row: &Row, rows: &[Vec<&'static str>]) -> prometheus::Result<Vec<Self>> {
        let opts = HistogramOpts::new(row.name, row.help).buckets(row.buckets.to_vec());
        let family = HistogramVec::new(opts, &row.labels)?;
        register(registry, family, rows, |family, values| family.get_metric_with_label_values(values))
    }
}

impl Cell for Counter {
    const KIND: Kind = Kind::Counter;

    fn make(registry: &Registry, row: &Row, _rows: &[Vec<&'static str>]) -> prometheus::Result<Vec<Self>> {
        let cell = Self::new(row.name, row.help)?;
        registry.register(Box::new(cell.clone()))?;
        Ok(vec![cell])
    }
}

impl Cell for Gauge {
    const KIND: Kind = Kind::Gauge;

    fn make(registry: &Registry, row: &Row, _rows: &[Vec<&'static str>]) -> prometheus::Result<Vec<Self>> {
        let cell = Self::new(row.name, row.help)?;
        registry.register(Box::new(cell.clone()))?;
        Ok(vec![cell])
    }
}
