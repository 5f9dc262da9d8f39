//! `cellblock config`: every key, its value and where that came from.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::args::Global;
use super::dispatch::{Failure, Finish};
use super::print;
use crate::config::Config;

pub(super) fn show(global: &Global, config: &Config) -> Result<Finish, Failure> {
    if global.json {
        let rows: serde_json::Map<String, serde_json::Value> = config
            .effective()
            .map(|(key, found)| {
                let row = serde_json::json!({"value": key.kind.shown(&found.value), "source": found.source.as_str(), "help": key.help});
                (key.name.to_owned(), row)
            })
            .collect();
        print::line(serde_json::Value::from(rows));
        return Ok(Finish::Good);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["key", "value", "source", "variable", "what it does"]);
    for (key, found) in config.effective() {
        table.add_row([key.name, &key.kind.shown(&found.value), found.source.as_str(), &key.variable(), key.help]);
    }
    print::line(table);
    Ok(Finish::Good)
}
