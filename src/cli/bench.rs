//! `cellblock bench`: how fast this host is.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::args::{BenchArgs, Global};
use super::dispatch::{Failure, Finish};
use super::print;
use crate::app::{BenchPlan, BenchRow, Unit, measure, open_host};
use crate::config::Config;
use crate::job::Language;

pub(super) fn bench(global: &Global, config: &Config, args: &BenchArgs) -> Result<Finish, Failure> {
    let plan = BenchPlan {
        time: Duration::try_from_secs_f64(args.seconds).map_err(|error| format!("--seconds: {error}"))?,
        slots: config.slots(),
        chunk: args.chunk,
    };
    let host = open_host(config, &Language::ALL)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for language in Language::ALL {
        for unit in [Unit::Job, Unit::Item] {
            rows.push(runtime.block_on(measure(&host, language, unit, plan))?);
        }
    }
    if global.json {
        print::line(serde_json::to_string(&rows)?);
    } else {
        print_text(&rows, plan);
    }
    Ok(Finish::Good)
}

fn print_text(rows: &[BenchRow], plan: BenchPlan) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["runtime", "what", "a second", "p50 ms", "p99 ms", "cpu ms each"]);
    for row in rows {
        let what = match row.unit {
            Unit::Job => "job in a process of its own".to_owned(),
            Unit::Item => format!("item in a chunk of {} (p50, p99: the chunk)", plan.chunk),
        };
        table.add_row([
            format!("{} {}", row.language, row.version),
            what,
            format!("{:.0}", row.per_second),
            format!("{:.1}", row.p50_ms),
            format!("{:.1}", row.p99_ms),
            format!("{:.3}", row.cpu_ms_each),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    print::line(table);
    print::line(format_args!(
        "\nclosed loop in {} slots, {:.0} s a row, the jail fully on, every answer checked; cpu is the whole machine's",
        plan.slots,
        plan.time.as_secs_f64()
    ));
}
