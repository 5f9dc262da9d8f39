//! `cellblock dlq`: dead letters.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::json;

use super::args::{DlqArgs, DlqCommand, DlqSelection, Global};
use super::dispatch::{Failure, Finish};
use super::print;
use crate::app::{DeadLetterView, Dlq, Which};
use crate::config::Config;

pub(super) fn dlq(global: &Global, config: &Config, args: &DlqArgs) -> Result<Finish, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let dlq = Dlq::open(config, &args.state).await?;
        match &args.command {
            DlqCommand::Ls { limit } => list(global, &dlq.list(*limit).await?)?,
            DlqCommand::Show { id } => show(global, &dlq.show(id).await?)?,
            DlqCommand::Replay(selection) => return replay(global, &dlq, selection).await,
            DlqCommand::Drop(selection) => {
                let removed = dlq.remove(&which(selection)?).await?;
                if global.json {
                    print::line(json!({"dropped": removed}));
                } else {
                    print::line(format_args!("{} dropped", removed.len()));
                }
            }
        }
        Ok(Finish::Good)
    })
}

fn which(selection: &DlqSelection) -> Result<Which, Failure> {
    match (selection.all, selection.ids.is_empty()) {
        (true, true) => Ok(Which::All),
        (false, false) => Ok(Which::Ids(selection.ids.clone())),
        (true, false) => Err("give ids or --all, not both".into()),
        (false, true) => Err("give ids, or --all; `cellblock dlq ls` lists them".into()),
    }
}

fn list(global: &Global, found: &[DeadLetterView]) -> Result<(), Failure> {
    if global.json {
        print::line(serde_json::to_string(found)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["id", "parked at", "lane", "job or chunk", "reason"]);
    for parked in found {
        let at = parked.parked_at.clone().unwrap_or_default();
        table.add_row([&parked.id, &at, &parked.lane, &visible(&parked.work), &visible(&parked.reason)]);
    }
    print::line(table);
    Ok(())
}

fn show(global: &Global, parked: &DeadLetterView) -> Result<(), Failure> {
    if global.json {
        print::line(serde_json::to_string(parked)?);
        return Ok(());
    }
    let at = parked.parked_at.clone().unwrap_or_default();
    print::line(format_args!("id         {}\nparked at  {at}\nlane       {}", parked.id, parked.lane));
    print::line(format_args!("work       {}\nreason     {}", visible(&parked.work), visible(&parked.reason)));
    for line in parked.body.lines() {
        print::line(visible(line));
    }
    Ok(())
}

fn visible(text: &str) -> String {
    text.chars().map(print::visible).collect()
}

/// Bad when something stays.
async fn replay(global: &Global, dlq: &Dlq, selection: &DlqSelection) -> Result<Finish, Failure> {
    let replayed = dlq.replay(&which(selection)?).await?;
    for one in &replayed {
        let (job, why) = match &one.became {
            Ok(job) => (Some(job.as_str()), None),
            Err(why) => (None, Some(why.as_str())),
        };
        if global.json {
            print::line(json!({"id": one.id, "work": one.work, "job": job, "stays": why}));
        } else if let Some(job) = job {
            print::line(format_args!("{}: {} runs again as {job}", one.id, one.work));
        } else {
            print::line(format_args!("{}: stays: {}", one.id, why.unwrap_or_default()));
        }
    }
    Ok(if replayed.iter().all(|one| one.became.is_ok()) { Finish::Good } else { Finish::Bad })
}
