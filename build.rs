//! Builds the native library that enters the jail from inside an interpreter (`src/sys/native`). The binary embeds the
//! result, so that one file is all that is installed.

use std::path::PathBuf;

type Failure = Box<dyn std::error::Error>;

const SOURCES: [&str; 6] = ["determinism.c", "enter.c", "node.c", "settle.c", "syscall.c", "zygote.c"];

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=src/sys/native");
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("native.so");
    let compiler = cc::Build::new().opt_level(2).warnings(true).extra_warnings(true).try_get_compiler()?;
    let status = compiler
        .to_command()
        .args(["-shared", "-fPIC", "-std=gnu11", "-Werror", "-fvisibility=hidden", "-Wl,-z,relro,-z,now", "-o"])
        .arg(&out)
        .args(SOURCES.map(|source| format!("src/sys/native/{source}")))
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("the C compiler failed: {status}").into()) }
}
