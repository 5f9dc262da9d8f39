//! `cellblock run` from a shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output};

use super::fixture::directory;
use super::lane::BINARY;
use super::suite::alone;

/// The program under test.
#[allow(clippy::disallowed_methods, reason = "tests start the binary as a shell does")]
pub(super) fn command() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear();
    command
}

fn run(args: &[&str], file: &str) -> Output {
    command().arg("run").args(args).arg(directory(file)).output().unwrap()
}

#[test]
fn the_status_tells_a_good_end_from_a_bad_one_and_from_no_run() {
    let _alone = alone();
    let status = |args: &[&str], file| run(args, file).status.code();
    assert_eq!(status(&["--input", "text=a b"], "examples/code-nodes/text_basic.py"), Some(0));
    assert_eq!(status(&[], "tests/hostile/interpreter/raises_on_import.py"), Some(1));
    assert_eq!(status(&[], "tests/hostile/kernel/bpf.py"), Some(1));
    assert_eq!(status(&[], "tests/README.md"), Some(2));
    assert_eq!(status(&[], "tests/nowhere.py"), Some(2));
    assert_eq!(status(&["--limit", "wall_ms=0"], "examples/code-nodes/text_basic.py"), Some(2));
    assert_eq!(status(&["--input", "no value"], "examples/code-nodes/text_basic.py"), Some(2));
}

#[test]
fn a_failure_of_the_command_is_told_on_standard_error() {
    let _alone = alone();
    let output = run(&[], "tests/nowhere.py");
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.py"), "{output:?}");
}

#[test]
fn the_document_has_the_same_keys_whatever_the_outcome() {
    let _alone = alone();
    for file in
        ["tests/honest/plain_main.js", "tests/hostile/kernel/bpf.py", "tests/hostile/interpreter/raises_on_import.py"]
    {
        let output = run(&["--json"], file);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["error", "evidence", "logs", "outcome", "output", "runtime", "usage"], "{file}");
        assert_eq!(document["error"].is_null(), document["outcome"] == "succeeded", "{file}");
        assert_eq!(document["output"].is_null(), document["outcome"] != "succeeded", "{file}");
    }
}

#[test]
fn a_call_that_the_operator_allows_is_made() {
    let _alone = alone();
    let code = "import os\ndef main():\n  try: return {'made': os.memfd_create('x') > 2}\n  except OSError: return {'made': False}";
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("f.py");
    std::fs::write(&file, code).unwrap();
    let ended = |set: &[&str]| {
        let ended = command().args(set).args(["--json", "run"]).arg(&file).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap())
    };
    let document = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (_, refused, _) = ended(&[]);
    assert_eq!(document(&refused)["output"]["made"], false, "{refused}");
    assert_eq!(document(&refused)["evidence"]["denied"][0]["name"], "memfd_create", "{refused}");
    let (_, made, _) = ended(&["--set", "jail.allow_syscalls=memfd_create,splice"]);
    assert_eq!(document(&made)["output"]["made"], true, "{made}");
    assert!(document(&made)["evidence"]["denied"].is_null(), "{made}");
    for (name, why) in [("ptrace", "other processes"), ("ioctl", "harmless arguments"), ("memfd", "no system call")] {
        let (status, _, told) = ended(&["--set", &format!("jail.allow_syscalls={name}")]);
        assert!(status == Some(2) && told.contains("jail.allow_syscalls") && told.contains(why), "{name}: {told}");
    }
}

#[test]
fn a_host_is_attacked_and_what_got_through_is_told() {
    let _alone = alone();
    let attack = |args: &[&str]| {
        let ended = command().args(args).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stdout).unwrap())
    };
    let (status, told) = attack(&["doctor", "--attack=network"]);
    assert!(status == Some(0) && told.contains("and the jail held"), "{told}");
    // A hole: what the programs try is not refused any more.
    let (status, told) = attack(&["--set", "jail.allow_syscalls=socket", "doctor", "--attack=network"]);
    assert!(status == Some(1) && told.contains("network/") && told.contains("FAILED"), "{told}");
    assert_eq!(attack(&["doctor", "--attack=weather"]).0, Some(2));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command().args(["schema", "result"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_configuration_file_is_named_with_what_is_wrong_in_it() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("c.toml");
    for (text, why) in [("[worker", "not valid TOML"), ("[worker]\nslot = 2", "worker.slot"), ("limits = 1", "limits")]
    {
        std::fs::write(&file, text).unwrap();
        let output = command().arg("--config").arg(&file).arg("config").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("--config {}: ", file.display())) && told.contains(why), "{told}");
    }
}

#[test]
fn what_others_put_into_the_environment_is_no_trouble() {
    let mut command = command();
    command.env("OTHER", OsStr::from_bytes(b"\xff")).env("CELLBLOCK_SERVICE_HOST", "10.0.0.1");
    let output = command.env("CELLBLOCK_PORT_8080_TCP", "tcp://10.0.0.1:8080").arg("config").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_worker_does_not_start_without_an_interpreter_that_its_configuration_names() {
    let place = tempfile::tempdir().unwrap();
    let state = place.path().join("state.db");
    let output = command()
        .args(["--set", "runtime.nodejs.path=/nowhere/node", "all", "--listen", "127.0.0.1:0", "--state"])
        .arg(state)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("/nowhere/node") && told.contains("runtime.nodejs.path"), "{told}");
}
