//! The programs of `tests/`, as files.

use std::path::{Path, PathBuf};

use cellblock::app::attack::Fixture;
use cellblock::job::Language;

use super::pace;

/// A directory below the crate's root.
pub(super) fn directory(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The programs of a directory below `tests/` that are in this language and mean something on this machine.
pub(super) fn load_all(directory_name: &str, language: Language) -> Vec<Fixture> {
    let directory = directory("tests").join(directory_name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let fixtures = paths.into_iter().filter(|path| language_of(path) == language);
    let fixtures = fixtures.map(|path| {
        let code = std::fs::read_to_string(&path).unwrap();
        let name = format!("{directory_name}/{}", path.file_name().unwrap().to_string_lossy());
        Fixture::parse(language, name.clone(), code).unwrap_or_else(|error| panic!("{name}: {error}"))
    });
    fixtures.filter(Fixture::is_for_this_machine).map(paced).collect()
}

fn language_of(path: &Path) -> Language {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Language::of_extension(ending).unwrap_or_else(|| panic!("{}: not a program", path.display()))
}

/// A slow machine gets the time that it needs.
fn paced(mut fixture: Fixture) -> Fixture {
    if !fixture.runs_out_of_time() {
        let limits = &mut fixture.program.limits;
        limits.wall_ms = pace::at_most_ms(limits.wall_ms);
        limits.cpu_ms = pace::at_most_ms(limits.cpu_ms);
    }
    fixture
}
