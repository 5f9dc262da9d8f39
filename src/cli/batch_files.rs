//! The files of `batch run`, looked at before anything runs: that what is written overwrites nothing that is read, and that
//! it can be written at all.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::args::BatchRunArgs;
use super::dispatch::Failure;

/// Standard input, where it may be a file by another name.
const STDIN: &str = "/dev/stdin";

/// Says what is wrong with where the results and metrics are to go.
pub(super) fn check(args: &BatchRunArgs, out: &Path) -> Result<(), Failure> {
    check_regular(out)?;
    let (program, items) = (args.function.file.as_path(), args.items.as_path());
    let mut read = vec![(format!("the program {}", program.display()), program)];
    let of_items = if items == Path::new("-") { Path::new(STDIN) } else { items };
    read.push((format!("--items {}", items.display()), of_items));
    for (option, path) in [("--out", Some(out)), ("--metrics", args.metrics.as_deref())] {
        let Some(path) = path else { continue };
        let named = format!("{option} {}", path.display());
        let found = identity(path);
        if let Some((other, _)) = read.iter().find(|(_, other)| found.is_some() && identity(other) == found) {
            return Err(format!("{named}: is the same file as {other}, which it would overwrite").into());
        }
        check_writable(path).map_err(|why| format!("{named}: {why}"))?;
        read.push((named, path));
    }
    Ok(())
}

/// The state is kept beside the results, and they are compared with it.
fn check_regular(out: &Path) -> Result<(), Failure> {
    let is_other = |path: &Path| std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    // What stands there is a name for something that may be a file elsewhere.
    let is_of_system = |dir: PathBuf| dir == Path::new("/dev") || dir.starts_with("/proc");
    if out == Path::new("-") || is_other(out) || std::fs::canonicalize(directory(out)).is_ok_and(is_of_system) {
        let remedy = "an interrupted run goes on from its results, so they must be in a regular file; name one, and print \
                      it when the run is over";
        return Err(format!("--out {}: {remedy}", out.display()).into());
    }
    Ok(())
}

fn check_writable(path: &Path) -> Result<(), String> {
    let dir = directory(path);
    let place = match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err("is a directory".to_owned()),
        Ok(_) => path,
        Err(_) if !dir.is_dir() => return Err(format!("there is no directory {}", dir.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => dir,
        Err(error) => return Err(error.to_string()),
    };
    access(place, AccessFlags::W_OK)
        .map_err(|errno| format!("{} may not be written to: {}", place.display(), errno.desc()))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What all paths to a file have in common.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// Of a file that is there, under whatever names.
    Inode { device: u64, inode: u64 },
    /// Of one that is not there yet.
    Place(PathBuf),
}

fn identity(path: &Path) -> Option<Identity> {
    if let Ok(found) = std::fs::metadata(path) {
        return Some(Identity::Inode { device: found.dev(), inode: found.ino() });
    }
    let dir = std::fs::canonicalize(directory(path)).ok()?;
    Some(Identity::Place(dir.join(path.file_name()?)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use clap::Parser;

    use super::*;
    use crate::cli::args::{BatchCommand, Cli, Command};

    /// What is said of these options, `@` standing for a directory with `f.py` and `i.jsonl`, each under three names.
    fn said(options: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["f.py", "i.jsonl"] {
            std::fs::write(at(name), "{}").unwrap();
            std::fs::hard_link(at(name), at(&format!("hard-{name}"))).unwrap();
            symlink(name, at(&format!("soft-{name}"))).unwrap();
        }
        let line = format!("cellblock batch run @/f.py --items @/i.jsonl {options}")
            .replace('@', dir.path().to_str().unwrap());
        let Command::Batch(BatchCommand::Run(args)) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            return "not batch run".to_owned();
        };
        let said =
            check(&args, args.out.as_deref().unwrap()).map_or_else(|error| error.to_string(), |()| String::new());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 6, "a look makes no files");
        said.replace(dir.path().to_str().unwrap(), "@")
    }

    #[test]
    fn what_is_read_is_not_written() {
        for out in ["@/f.py", "@/hard-f.py", "@/soft-f.py", "@/./f.py"] {
            assert_eq!(
                said(&format!("--out {out}")),
                format!("--out {out}: is the same file as the program @/f.py, which it would overwrite")
            );
        }
        for name in ["i.jsonl", "hard-i.jsonl", "soft-i.jsonl", "./i.jsonl"] {
            let error = said(&format!("--out @/{name}"));
            assert!(error.contains("is the same file as --items @/i.jsonl"), "{error}");
            let error = said(&format!("--out @/o --metrics @/{name}"));
            assert!(error.starts_with("--metrics") && error.contains("as --items @/i.jsonl"), "{error}");
        }
        assert!(said("--out @/o --metrics @/soft-f.py").contains("as the program"));
        assert!(said("--out @/o --metrics @/./o").contains("as --out @/o"));
        assert_eq!(said("--out @/o --metrics @/m"), "");
        assert_eq!(said("--out @/o --metrics /dev/null"), "");
    }

    #[test]
    fn what_cannot_be_written_is_named_before_anything_runs() {
        assert_eq!(said("--out @/no/o"), "--out @/no/o: there is no directory @/no");
        assert_eq!(said("--out @/o --metrics @/no/m"), "--metrics @/no/m: there is no directory @/no");
        assert_eq!(said("--out @/o --metrics @/f.py/m"), "--metrics @/f.py/m: there is no directory @/f.py");
        assert_eq!(said("--out @/o --metrics @"), "--metrics @: is a directory");
    }

    #[test]
    fn results_go_to_a_regular_file() {
        for out in ["-", "/dev/stdout", "/dev/null", "/dev/fd/1", "/proc/self/fd/1", "@"] {
            let error = said(&format!("--out {out}"));
            assert!(error.starts_with(&format!("--out {out}: ")) && error.contains("name one"), "{error}");
        }
    }
}
