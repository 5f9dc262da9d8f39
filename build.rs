//! Builds the native library that enters the jail from inside an interpreter (`src/sys/native`). The binary embeds the
//! result, so that one file is all that is installed; with it come the programs of `tests/hostile`, for `doctor --attack`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

type Failure = Box<dyn std::error::Error>;

const SOURCES: [&str; 11] = [
    "determinism.c",
    "enter.c",
    "large.c",
    "node.c",
    "nursery.c",
    "pages.c",
    "profile.c",
    "settle.c",
    "spaces.c",
    "syscall.c",
    "zygote.c",
];

/// Writes the programs of `tests/hostile` as a table: class, file name, text.
fn embed_hostile_programs(out: &Path) -> Result<(), Failure> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("tests/hostile");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    for class in std::fs::read_dir(&root)? {
        for file in std::fs::read_dir(class?.path())? {
            files.push(file?.path());
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for path in files {
        let name = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
        let class = name(path.parent().and_then(Path::file_name));
        table.push_str(&format!("({class:?}, {:?}, include_str!({path:?})),\n", name(path.file_name())));
    }
    table.push(']');
    std::fs::write(out.join("hostile.rs"), table)?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=src/sys/native");
    let directory = PathBuf::from(std::env::var("OUT_DIR")?);
    embed_hostile_programs(&directory)?;
    let out = directory.join("native.so");
    let compiler = cc::Build::new().opt_level(2).warnings(true).extra_warnings(true).try_get_compiler()?;
    let status = compiler
        .to_command()
        .args(["-shared", "-fPIC", "-std=gnu11", "-Werror", "-fvisibility=hidden", "-Wl,-z,relro,-z,now", "-o"])
        .arg(&out)
        .args(SOURCES.map(|source| format!("src/sys/native/{source}")))
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("the C compiler failed: {status}").into()) }
}
