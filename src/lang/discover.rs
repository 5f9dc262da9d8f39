//! Asking an interpreter of the host what it is and what it needs.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::runtime::{self, Runtime};
use crate::jail::{Bind, FileContent};
use crate::job::Language;
use crate::sys::process;

/// Where to look, from the configuration.
#[derive(Debug, Clone, Default)]
pub struct RuntimePaths {
    /// The interpreter; `None` for the first of the usual places.
    pub program: Option<PathBuf>,
    /// Further files or directories of the host that programs may read, such as a virtual environment's
    /// `site-packages`. For Python, directories are also put on the import path.
    pub packages: Vec<PathBuf>,
    /// Modules that a full template loads; those that cannot be imported are left out.
    pub preload: Vec<String>,
}

/// Why a runtime cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// No interpreter.
    #[error("no {} interpreter found at {}; install one or set runtime.{}.path", language.as_str(), tried, language.as_str())]
    Missing {
        /// Of which language.
        language: Language,
        /// Where it was looked for.
        tried: String,
    },
    /// It is there and does not answer.
    #[error("runtime.{}.path: {} does not tell what it is: {source}", language.as_str(), program.display())]
    Unusable {
        /// Of which language.
        language: Language,
        /// The interpreter.
        program: PathBuf,
        /// What the system or the interpreter said.
        source: io::Error,
    },
    /// A configured path is not there.
    #[error("runtime.{}.packages: {}: {source}", language.as_str(), path.display())]
    Packages {
        /// Of which language.
        language: Language,
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What an interpreter says of itself.
#[derive(Debug, Deserialize)]
struct Answer {
    version: String,
    program: PathBuf,
    /// Directory whose `lib` may hold the interpreter's own shared libraries.
    prefix: PathBuf,
    import_path: Vec<PathBuf>,
    /// The harness in the form that starts fastest: Python's, compiled for this very version.
    harness: Option<String>,
}

/// Compiling the harness takes longer than all else that it does at start, so it is done once, here. The head of a
/// .pyc is the version's magic number and three unused words (importlib, PEP 552).
const ASK_PYTHON: &str = "import base64,importlib.util,json,marshal,os,sys\n\
    code=compile(sys.argv[1],'/cellblock/harness.py','exec',dont_inherit=True)\n\
    pyc=importlib.util.MAGIC_NUMBER+bytes(12)+marshal.dumps(code)\n\
    print(json.dumps({'version':sys.version.split()[0],'program':os.path.realpath(sys.executable),\
    'prefix':sys.base_prefix,'import_path':sys.path,'harness':base64.b64encode(pyc).decode()}))";

const ASK_NODE: &str = "const p=require('path'),e=require('fs').realpathSync(process.execPath);\
    console.log(JSON.stringify({version:process.versions.node,program:e,prefix:p.dirname(p.dirname(e)),import_path:[],harness:null}))";

/// Directories with the host's shared libraries: the loader's defaults on the distributions in use.
const LIBRARY_DIRS: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/lib64",
];

/// Read-only data that both interpreters look up: the loader's cache, Debian's choice of BLAS, time zones.
const DATA: [&str; 3] = ["/etc/ld.so.cache", "/etc/alternatives", "/usr/share/zoneinfo"];

/// The parts of Debian's own Node that lie outside its binary.
const NODE_DATA: [&str; 1] = ["/usr/share/nodejs"];

/// Finds an interpreter and what it needs.
///
/// # Errors
/// [`RuntimeError`] says what was looked for and which key sets it.
pub fn discover(language: Language, paths: &RuntimePaths) -> Result<Runtime, RuntimeError> {
    let program = find(language, paths)?;
    let (ask, data): (&[&str], &[&str]) = match language {
        Language::Python => (&["-I", "-c", ASK_PYTHON, runtime::PYTHON_HARNESS], &[]),
        Language::Node => (&["-e", ASK_NODE], &NODE_DATA),
    };
    let unusable = |source| RuntimeError::Unusable { language, program: program.clone(), source };
    let text = process::output_of(&program, ask).map_err(unusable)?;
    let answer: Answer = serde_json::from_str(&text).map_err(|error| unusable(error.into()))?;

    let mut tree = Tree::default();
    let mut import_path = Vec::new();
    for path in answer.import_path.iter().filter(|path| path.exists()) {
        import_path.extend(tree.add(path).map_err(unusable)?);
    }
    for path in &paths.packages {
        let named = |source| RuntimeError::Packages { language, path: path.clone(), source };
        let found = tree.add(path).map_err(named)?;
        if path.is_dir() {
            import_path.extend(found);
        }
    }
    tree.add(&answer.program).map_err(unusable)?;
    for path in LIBRARY_DIRS.iter().chain(&DATA).chain(data).map(Path::new).filter(|path| path.exists()) {
        tree.add(path).map_err(unusable)?;
    }
    for library in own_libraries(&answer.prefix) {
        tree.add(&library).map_err(unusable)?;
    }
    let (binds, links) = tree.finish();
    let harness = match answer.harness {
        Some(compiled) => FileContent::Base64(compiled),
        None => FileContent::Text(runtime::NODE_HARNESS.to_owned()),
    };
    let Answer { version, program, .. } = answer;
    let preload = paths.preload.clone();
    Ok(Runtime { language, version, program, harness, import_path, binds, links, preload })
}

fn find(language: Language, paths: &RuntimePaths) -> Result<PathBuf, RuntimeError> {
    if let Some(program) = &paths.program {
        let missing = || RuntimeError::Missing { language, tried: program.display().to_string() };
        return program.exists().then(|| program.clone()).ok_or_else(missing);
    }
    let name = match language {
        Language::Python => "python3",
        Language::Node => "node",
    };
    let usual = ["/usr/bin", "/usr/local/bin", "/opt/python/bin"].map(|dir| Path::new(dir).join(name));
    let tried = usual.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    usual.into_iter().find(|path| path.exists()).ok_or(RuntimeError::Missing { language, tried })
}

/// Shared libraries directly in `<prefix>/lib`, such as `libpython3.12.so.1.0`, where that is no system directory.
fn own_libraries(prefix: &Path) -> Vec<PathBuf> {
    if prefix == Path::new("/usr") {
        return Vec::new();
    }
    let entries = std::fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("lib") && name.contains(".so")
    };
    entries.map(|entry| entry.path()).filter(is_library).collect()
}

/// The parts of the host's tree that a root takes over, with the symbolic links that lead to them.
#[derive(Debug, Default)]
struct Tree {
    real: BTreeSet<PathBuf>,
    links: BTreeSet<(PathBuf, PathBuf)>,
}

impl Tree {
    /// Adds a path and gives its real one. The links on the way to it are kept, so that it is found under both.
    fn add(&mut self, path: &Path) -> io::Result<Option<PathBuf>> {
        let real = path.canonicalize()?;
        if real != path {
            self.keep_links(path)?;
        }
        self.real.insert(real.clone());
        Ok(Some(real))
    }

    /// Keeps the first link on the way, then follows it: what lies behind it is looked at in its own right.
    fn keep_links(&mut self, path: &Path) -> io::Result<()> {
        let mut current = path.to_owned();
        // The kernel follows 40 links (path_resolution(7)).
        for _ in 0..40 {
            let mut prefixes: Vec<&Path> = current.ancestors().collect();
            prefixes.reverse();
            let Some(link) = prefixes.into_iter().find(|prefix| prefix.is_symlink()).map(Path::to_owned) else {
                return Ok(());
            };
            let target = std::fs::read_link(&link)?;
            self.links.insert((link.clone(), target.clone()));
            let parent = link.parent().unwrap_or(Path::new("/"));
            let rest = current.strip_prefix(&link).map_err(io::Error::other)?;
            current = normalise(&parent.join(target).join(rest));
        }
        Err(io::Error::other("too many symbolic links"))
    }

    /// Drops what lies below another part.
    fn finish(self) -> (Vec<Bind>, Vec<(PathBuf, PathBuf)>) {
        let mut kept: Vec<PathBuf> = Vec::new();
        for path in self.real {
            if !kept.iter().any(|parent| path.starts_with(parent)) {
                kept.push(path);
            }
        }
        let inside = |path: &Path| kept.iter().any(|parent| path.starts_with(parent));
        let links = self.links.into_iter().filter(|(place, _)| !inside(place)).collect();
        let binds = kept.iter().map(|path| Bind { source: path.clone(), target: path.clone() }).collect();
        (binds, links)
    }
}

/// Resolves `.` and `..` in the text of a path without following links.
fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            std::path::Component::CurDir => {}
            std::path::Component::Prefix(_) | std::path::Component::RootDir | std::path::Component::Normal(_) => {
                clean.push(part);
            }
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_linked_path_is_found_under_both_names() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("usr/lib")).unwrap();
        std::fs::write(base.join("usr/lib/a.so"), "").unwrap();
        symlink("usr/lib", base.join("lib")).unwrap();
        let mut tree = Tree::default();
        let real = tree.add(&base.join("lib/a.so")).unwrap();
        assert_eq!(real, Some(base.join("usr/lib/a.so")));
        let (binds, links) = tree.finish();
        assert_eq!(binds, [Bind { source: base.join("usr/lib/a.so"), target: base.join("usr/lib/a.so") }]);
        assert_eq!(links, [(base.join("lib"), PathBuf::from("usr/lib"))]);
    }

    #[test]
    fn parts_below_another_part_are_not_bound_twice() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("a/b")).unwrap();
        let mut tree = Tree::default();
        tree.add(&base.join("a/b")).unwrap();
        tree.add(&base.join("a")).unwrap();
        assert_eq!(tree.finish().0.len(), 1);
    }

    #[test]
    fn a_missing_interpreter_names_the_key() {
        let paths = RuntimePaths { program: Some("/nowhere/python3".into()), ..RuntimePaths::default() };
        let text = discover(Language::Python, &paths).unwrap_err().to_string();
        assert_eq!(text, "no python3 interpreter found at /nowhere/python3; install one or set runtime.python3.path");
    }

    #[test]
    fn a_program_that_is_no_interpreter_is_told_of_in_a_line() {
        for (language, program) in
            [(Language::Python, "/bin/ls"), (Language::Node, "/bin/ls"), (Language::Node, "/bin/echo")]
        {
            let paths = RuntimePaths { program: Some(program.into()), ..RuntimePaths::default() };
            let text = discover(language, &paths).unwrap_err().to_string();
            let head = format!("runtime.{}.path: {program} does not tell what it is: ", language.as_str());
            assert!(text.starts_with(&head) && text.len() < 400 && text.lines().count() == 1, "{text}");
        }
    }
}
