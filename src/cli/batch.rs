//! `cellblock batch run`: a function over a file of items.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::args::{BatchRunArgs, Global};
use super::dispatch::{Failure, Finish};
use super::run::{file_name, load_program};
use super::runtime;
use super::signals::listen;
use super::{batch_files, print, progress, summary};
use crate::app::batch::{BatchEnd, BatchReport, BatchRequest, BatchStatus, places, run_batch};
use crate::app::open_host;
use crate::app::worker::DrainSwitch;
use crate::config::Config;

/// What is said when a signal comes.
const STOPPING: &str = "stopping; chunks that run get a moment to end (once more to stop at once)";

pub(super) fn run(global: &Global, config: &Config, args: &BatchRunArgs) -> Result<Finish, Failure> {
    let program = load_program(config, &args.function)?;
    let out = args.out.clone().unwrap_or_else(|| usual_out(&args.items));
    batch_files::check(args, &out)?;
    let items = open_items(&args.items, &out)?;
    let host = open_host(config, &[program.language])?;
    let telemetry = host.telemetry().clone();
    let request = BatchRequest {
        file: file_name(&args.function.file),
        items,
        from_results: args.from_results,
        chunk: args.chunk,
        max_failures: args.max_failures,
        restart: args.restart,
        slots: config.slots(),
        out,
        program,
        telemetry: telemetry.clone(),
    };
    let runtime = runtime::beside_programs()?;
    let place = runtime.block_on(places(host, &request.program))?;
    let (sender, status) = watch::channel(BatchStatus::default());
    let drain = DrainSwitch::new();
    let report = runtime.block_on(async {
        let work = async {
            let report = run_batch(request, place, &drain, &sender).await;
            drop(sender);
            report
        };
        tokio::select! {
            (report, ()) = async { tokio::join!(work, progress::show(status, global.json)) } => report,
            never = listen(&drain, STOPPING) => match never {},
        }
    })?;
    if let Some(path) = &args.metrics {
        let written = std::fs::write(path, telemetry.render().body);
        written.map_err(|error| format!("--metrics {}: {error}", path.display()))?;
    }
    if global.json {
        print::line(summary::document(&report));
    } else {
        summary::print(&report);
    }
    Ok(finish(&report))
}

fn finish(report: &BatchReport) -> Finish {
    match report.end {
        BatchEnd::Completed => Finish::Good,
        BatchEnd::FailedTolerance | BatchEnd::Interrupted => Finish::Bad,
    }
}

/// The output next to the items.
fn usual_out(items: &Path) -> PathBuf {
    if items == Path::new("-") {
        return PathBuf::from("results.jsonl");
    }
    items.with_extension("results.jsonl")
}

fn open_items(items: &Path, out: &Path) -> Result<File, Failure> {
    if items == Path::new("-") {
        return spool(out);
    }
    let named = |error: io::Error| format!("--items {}: {error}", items.display());
    let file = File::open(items).map_err(named)?;
    if !file.metadata().map_err(named)?.is_file() {
        return Err(format!("--items {}: not a file; use - for standard input", items.display()).into());
    }
    Ok(file)
}

/// Standard input as a file without a name, on the disk of the output: the items are read twice.
fn spool(out: &Path) -> Result<File, Failure> {
    let mut name = OsString::from(out);
    name.push(format!(".items-{}", std::process::id()));
    let failed = |error: io::Error| format!("{}: {error}", name.display());
    let mut file = OpenOptions::new().create_new(true).read(true).write(true).open(&name).map_err(failed)?;
    std::fs::remove_file(&name).map_err(failed)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(|error| format!("--items -: {error}"))?;
    Ok(file)
}
