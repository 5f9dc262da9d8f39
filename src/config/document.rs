//! The table of keys as a page of documentation.

use super::keys::{KEYS, KeyKind};

const HEAD: &str = "# Configuration

One TOML file (`--config FILE`), environment variables, and `--set key=value`. A flag wins over a variable, a variable over the
file, the file over the default. A key that there is not, or a value that a key does not take, stops the start and is
named; variables that Kubernetes sets for a Service named `cellblock` are passed over. `cellblock config` prints what is in force and where each value came from, with passwords masked. In the file, `a.b = 1`
is written as `b = 1` under `[a]`. Made from the table in `src/config/keys.rs`; a test keeps the two equal.

| key | variable | takes | default | what it does |
|---|---|---|---|---|
";

/// `docs/configuration.md`.
#[must_use]
pub fn document() -> String {
    let rows = KEYS.iter().map(|key| {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let (name, variable, takes, help) = (key.name, key.variable(), takes(key.kind), key.help);
        format!("| `{name}` | `{variable}` | {takes} | {default} | {help} |\n")
    });
    HEAD.to_owned() + &rows.collect::<String>()
}

fn takes(kind: KeyKind) -> String {
    match kind {
        KeyKind::Number { min, max } => format!("{min} to {max}"),
        KeyKind::Path => "a path".to_owned(),
        KeyKind::Paths => "paths: an array in the file, else separated by `:`".to_owned(),
        KeyKind::Address => "an address with a port".to_owned(),
        KeyKind::ApiKeys => "keys: an array in the file, else separated by `,`".to_owned(),
        KeyKind::Url(schemes) => format!("{}…", schemes.join("…, ")),
        KeyKind::Choice(words) => words.join(" or "),
        KeyKind::Switch => "true or false".to_owned(),
        KeyKind::Prefix => "letters, digits, `-`, `_`, `.`".to_owned(),
        KeyKind::Modules => "module names: an array in the file, else separated by `,`".to_owned(),
        KeyKind::Syscalls => "names of system calls: an array in the file, else separated by `,`".to_owned(),
        KeyKind::Lanes { .. } => "lanes: an array in the file, else separated by `,`".to_owned(),
    }
}
