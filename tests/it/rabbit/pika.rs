//! Another program's client: pika, from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

#[allow(clippy::disallowed_methods, reason = "tests run another program's client")]
pub(crate) fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program:?} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A Python that has pika, in the build directory.
pub(crate) fn python_with_pika() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pika-1.3.2");
    let (python, done) = (venv.join("bin/python"), venv.join("installed"));
    if !done.exists() {
        run(Path::new("/usr/bin/python3"), &["-m", "venv", "--clear", venv.to_str().unwrap()]);
        run(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pika==1.3.2"]);
        std::fs::write(&done, "").unwrap();
    }
    python
}
