//! Builds the native library that enters the jail from inside an interpreter (`src/sys/native/enter.c`). The
//! binary embeds the result, so that one file is all that is installed.

use std::path::PathBuf;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=src/sys/native/enter.c");
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("native.so");
    let compiler = cc::Build::new().opt_level(2).warnings(true).extra_warnings(true).try_get_compiler()?;
    let status = compiler
        .to_command()
        .args(["-shared", "-fPIC", "-std=c11", "-Werror", "-fvisibility=hidden", "-Wl,-z,relro,-z,now", "-o"])
        .arg(&out)
        .arg("src/sys/native/enter.c")
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("the C compiler failed on enter.c: {status}").into()) }
}
