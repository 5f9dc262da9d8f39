//! `cellblock bench`: how fast this host is.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::args::{BenchArgs, Global};
use super::dispatch::{Failure, Finish};
use super::print;
use super::runtime;
use crate::app::{BenchPlan, BenchRow, Workload, measure, open_host};
use crate::config::Config;
use crate::job::Language;

pub(super) fn bench(global: &Global, config: &Config, args: &BenchArgs) -> Result<Finish, Failure> {
    let plan = BenchPlan {
        time: Duration::try_from_secs_f64(args.seconds).map_err(|error| format!("--seconds: {error}"))?,
        slots: config.slots(),
        chunk: args.chunk,
        compares: !args.alone,
    };
    let host = open_host(config, &Language::ALL)?;
    let runtime = runtime::beside_programs()?;
    let mut rows = Vec::new();
    for language in Language::ALL {
        for unit in Workload::of(host.runtime(language)?) {
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
    let mut header = vec!["runtime", "what", "a second", "p50 ms", "p99 ms", "cpu ms each"];
    if plan.compares {
        header.extend(["half load: p50", "p99 ms", "fresh start, a second", "times that"]);
    }
    table.load_style(NOTHING).set_header(header);
    for row in rows {
        let what = match row.unit {
            Workload::Job => "job in a process of its own".to_owned(),
            Workload::PandasJob => "the same, using pandas".to_owned(),
            Workload::Item => format!("item in a chunk of {} (p50, p99: the chunk)", plan.chunk),
        };
        let mut cells = vec![
            format!("{} {}", row.language, row.version),
            what,
            format!("{:.0}", row.per_second),
            format!("{:.1}", row.p50_ms),
            format!("{:.1}", row.p99_ms),
            format!("{:.3}", row.cpu_ms_each),
        ];
        if let Some(half) = row.half_load {
            cells.extend([half.p50_ms, half.p99_ms].map(|ms| format!("{ms:.1}")));
        }
        if let Some(fresh) = row.fresh {
            cells.extend([format!("{:.1}", fresh.per_second), format!("{:.1}", row.per_second / fresh.per_second)]);
        }
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    print::line(table);
    print::line(format_args!(
        "\nclosed loop in {} slots, {:.0} s a measurement, the jail fully on, every answer checked; cpu is the whole machine's",
        plan.slots,
        plan.time.as_secs_f64()
    ));
    if plan.compares {
        print::line(
            "half load: an open loop at half that rate, from when a job was due; fresh start: an interpreter for each job, no jail",
        );
    }
    for row in rows {
        if let Some(empty) = row.empty_fork {
            print::line(format_args!(
                "a {} job takes {:.1} times the processor time of a fork that does nothing ({:.3} ms)",
                row.language,
                row.cpu_ms_each / empty.cpu_ms_each,
                empty.cpu_ms_each
            ));
        }
    }
}
