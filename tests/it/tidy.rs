//! The layers of the code and its other standing rules. A rule that is only written down is not kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which top modules each top module may use. `ARCHITECTURE.md` shows the same as a picture.
const LAYERS: &[(&str, &[&str])] = &[
    ("job", &[]),
    ("sys", &["job"]),
    ("jail", &["job", "sys"]),
    ("tasks", &[]),
    ("ports", &["job"]),
    ("wire", &["job", "ports"]),
    ("policy", &["job", "ports"]),
    ("lang", &["job", "jail", "sys"]),
    ("telemetry", &["job", "jail", "ports", "sys"]),
    ("zygote", &["job", "jail", "lang", "sys", "tasks", "telemetry"]),
    ("queue", &["job", "ports", "sys", "tasks", "telemetry", "wire"]),
    ("store", &["job", "ports", "sys", "tasks", "telemetry", "wire"]),
    ("runner", &["job", "jail", "lang", "policy", "ports", "sys", "telemetry", "wire", "zygote"]),
    ("intake", &["job", "ports", "sys", "wire"]),
    ("http", &["intake", "job", "ports", "sys", "telemetry", "wire"]),
    ("config", &["jail", "job", "lang"]),
    (
        "app",
        &[
            "config",
            "http",
            "intake",
            "job",
            "jail",
            "lang",
            "policy",
            "ports",
            "queue",
            "runner",
            "store",
            "sys",
            "tasks",
            "telemetry",
            "wire",
            "zygote",
        ],
    ),
    ("cli", &["app", "config", "http", "job", "jail", "runner", "sys", "telemetry", "wire"]),
];

/// Which top modules may name a crate: each outside library has one owner.
const OWNERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["queue", "store"]),
    ("lapin", &["queue"]),
    ("prometheus", &["telemetry"]),
    ("redis", &["store"]),
    ("seccompiler", &["jail"]),
    ("landlock", &["jail"]),
    ("syscalls", &["jail"]),
    ("toml", &["config"]),
    ("clap", &["cli"]),
    ("comfy_table", &["cli"]),
    ("indicatif", &["cli"]),
    ("axum", &["http"]),
    ("hyper", &["http", "queue"]),
    ("hyper_util", &["http", "queue"]),
];

/// Names under which unrelated things gather.
const BANNED_NAMES: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "manager"];

const MAX_LINES: usize = 600;

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Each source file with its top module and its text without comments.
fn modules() -> Vec<(PathBuf, String, String)> {
    let src = root().join("src");
    let files = sources(&src).into_iter().map(|path| {
        let below = path.strip_prefix(&src).unwrap();
        let top = below.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        (below.to_owned(), top, code.join("\n"))
    });
    files.collect()
}

/// The words that follow `prefix` in a text: `crate::job::X` and `use crate::{job, sys}` give `job`, `sys`.
fn words_after<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let rest = &text[at + prefix.len()..];
        if text[..at].ends_with(is_word) {
            continue;
        }
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut start = true;
            let mut from = 0;
            for (i, c) in list.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => start = true,
                    c if start && is_word(c) && depth == 1 => {
                        from = i;
                        start = false;
                        let end = list[from..].find(|c| !is_word(c)).map_or(list.len(), |length| from + length);
                        words.push(&list[from..end]);
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            let _ = from;
        } else {
            words.push(&rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]);
        }
    }
    words
}

#[test]
fn a_module_uses_only_layers_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut broken = Vec::new();
    for (path, top, code) in modules() {
        if top == "main" || top == "lib" {
            continue;
        }
        let Some(below) = allowed.get(top.as_str()) else {
            broken.push(format!("{}: module {top} is not in the table of layers", path.display()));
            continue;
        };
        for word in words_after(&code, "crate::") {
            if word != top && allowed.contains_key(word) && !below.contains(&word) {
                broken.push(format!("{}: {top} must not use {word}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn an_adapter_never_uses_another_one() {
    for (path, top, code) in modules() {
        for other in ["queue", "store"] {
            let uses = words_after(&code, "crate::").contains(&other);
            assert!(!(uses && ["queue", "store"].contains(&top.as_str()) && top != other), "{}", path.display());
        }
    }
}

#[test]
fn an_outside_library_has_one_owner() {
    let mut broken = Vec::new();
    for (path, top, code) in modules() {
        for (library, owners) in OWNERS {
            // A module of ours may have the name of a library: then its path begins with `crate::`.
            let ours = code.contains(&format!("::{library}"));
            let named =
                code.contains(&format!("use {library}::")) || (!ours && code.contains(&format!(" {library}::")));
            if named && !owners.contains(&top.as_str()) {
                broken.push(format!("{}: {library} belongs to {owners:?}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn unsafe_code_is_in_sys_only() {
    let src = root().join("src");
    for (path, top, code) in modules() {
        if top == "sys" || top == "lib" {
            continue;
        }
        for form in ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code"] {
            assert!(!code.contains(form), "{}: {form}", path.display());
        }
    }
    for (top, _) in LAYERS.iter().filter(|(top, _)| *top != "sys") {
        let text = std::fs::read_to_string(src.join(top).join("mod.rs")).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{top}/mod.rs does not forbid unsafe code");
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for path in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines; split it by what it decides", path.display());
        let is_test_of_sibling = path.file_name().is_some_and(|name| name == "tests.rs");
        let starts_with_doc = text.starts_with("//!");
        assert!(starts_with_doc || is_test_of_sibling, "{} does not say what it is", path.display());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(!BANNED_NAMES.contains(&stem), "{}: a name that says nothing", path.display());
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Spelled in pieces, so that this file does not find itself.
    let marks =
        [["todo", "!("], ["unimplemented", "!("], ["FIX", "ME"], ["// XX", "X"], ["HA", "CK"], ["for ", "now,"]];
    for path in sources(&root().join("src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for mark in marks.map(|parts| parts.concat()) {
            assert!(!text.contains(&mark), "{}: {mark}", path.display());
        }
    }
}

#[test]
fn a_mod_file_only_lists() {
    for path in sources(&root().join("src")).into_iter().filter(|path| path.ends_with("mod.rs")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for form in ["fn ", "impl ", "struct ", "enum "] {
            let found = text.lines().find(|line| !line.starts_with("//") && line.trim_start().contains(form));
            assert!(found.is_none(), "{}: {found:?}", path.display());
        }
    }
}
