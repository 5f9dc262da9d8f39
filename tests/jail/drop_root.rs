//! `cellblock drop-root`: what a container starts.

use std::path::PathBuf;
use std::process::{Command, Output};

use cellblock::jail::UNPRIVILEGED_UID;
use cellblock::job::Language;

use super::fixture::directory;
use super::lane::{BINARY, Lane, block_on, runtime};
use super::leftovers;
use super::suite::alone;

/// Groups for one process, as a container has: not the host's, and nobody else's.
struct Groups(Vec<PathBuf>);

impl Groups {
    fn make() -> Self {
        // Has this process hand on its controllers, where they have to be.
        block_on(async { Lane::open(runtime(Language::Python)).close().await }).unwrap();
        let own = leftovers::hierarchies();
        let mut dirs: Vec<PathBuf> =
            own.iter().map(|dir| dir.join(format!("drop-root-{}", std::process::id()))).collect();
        dirs.sort();
        dirs.dedup();
        for dir in &dirs {
            std::fs::create_dir(dir).unwrap();
        }
        Self(dirs)
    }

    /// `cellblock drop-root` with this command, from inside the groups; `$DIR` is one of them.
    fn drop_root(&self, command: &str) -> Output {
        let enter: String = self.0.iter().map(|dir| format!("echo 0 >{}/cgroup.procs && ", dir.display())).collect();
        let program = format!("{enter}exec {BINARY} drop-root {command}");
        shell(&program, &self.0[0].display().to_string())
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for dir in &self.0 {
            let seat = dir.join("cellblock-worker");
            if seat.exists() {
                std::fs::remove_dir(seat).unwrap();
            }
            std::fs::remove_dir(dir).unwrap();
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "tests start the binary as a shell does")]
fn shell(program: &str, dir: &str) -> Output {
    Command::new("sh")
        .args(["-c", program])
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin")
        .env("DIR", dir)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_root_of_the_host() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap();
    nix::unistd::geteuid().is_root() && map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[test]
fn root_is_given_up_for_good_and_jobs_run_all_the_same() {
    if !is_root_of_the_host() {
        // Root of less than the host cannot make another user of itself, and nobody else has anything to give up.
        return;
    }
    let _alone = alone();
    let groups = Groups::make();
    let output = groups.drop_root(
        "sh -c 'cat /proc/self/uid_map; grep NoNewPrivs /proc/self/status; mkdir $DIR/mine && rmdir $DIR/mine && echo made; \
         chown 0 /usr 2>/dev/null || echo refused; cat /etc/shadow 2>/dev/null || echo unread'",
    );
    let said = text(&output.stdout);
    let mut lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(lines.next(), Some(format!("0 {UNPRIVILEGED_UID} 1")), "{said}{}", text(&output.stderr));
    let rest: Vec<String> = lines.skip_while(|line| !line.starts_with("NoNewPrivs")).collect();
    assert_eq!(rest, ["NoNewPrivs: 1", "made", "refused", "unread"], "{}", text(&output.stderr));

    // The binary may be where only root looks.
    let (program, copy) = (directory("examples/code-nodes/text_basic.py"), tempfile::tempdir().unwrap());
    let (binary, job) = (copy.path().join("cellblock"), copy.path().join("text_basic.py"));
    std::fs::copy(BINARY, &binary).unwrap();
    std::fs::copy(program, &job).unwrap();
    nix::unistd::chown(copy.path(), Some(UNPRIVILEGED_UID.into()), None).unwrap();
    let output = groups.drop_root(&format!("{} run {} --json --input text=a", binary.display(), job.display()));
    assert!(text(&output.stdout).contains("\"outcome\":\"succeeded\""), "{output:?}");
}

#[test]
fn a_program_that_is_not_there_is_what_failed() {
    if !is_root_of_the_host() {
        return;
    }
    let _alone = alone();
    let output = Groups::make().drop_root("/nowhere/program");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("command cannot be started"), "{output:?}");
}
