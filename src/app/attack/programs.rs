//! The programs of `tests/hostile`, as they were when this was built.

use std::collections::BTreeSet;

use super::Fixture;
use crate::job::Language;

/// Class, file name, text. Put together by `build.rs`.
const PROGRAMS: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/hostile.rs"));

/// A hostile program and its class.
#[derive(Debug)]
pub struct Hostile {
    /// What kind of attack: `kernel`, `network`, ….
    pub class: &'static str,
    /// The program.
    pub fixture: Fixture,
}

/// The classes that there are.
#[must_use]
pub fn hostile_classes() -> BTreeSet<&'static str> {
    PROGRAMS.iter().map(|&(class, ..)| class).collect()
}

/// Those in this language that mean something on this machine, and what is wrong with the headers of others.
#[must_use]
pub fn hostile_programs(language: Language) -> (Vec<Hostile>, Vec<String>) {
    let (mut programs, mut wrong) = (Vec::new(), Vec::new());
    for &(class, file, text) in PROGRAMS {
        let ending = file.rsplit_once('.').and_then(|(_, ending)| Language::of_extension(ending));
        if ending != Some(language) {
            continue;
        }
        let name = format!("{class}/{file}");
        match Fixture::parse(language, name.clone(), text.to_owned()) {
            Ok(fixture) if fixture.is_for_this_machine() => programs.push(Hostile { class, fixture }),
            Ok(_) => {}
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    (programs, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_is_understood() {
        let mut count = 0;
        for language in Language::ALL {
            let (programs, wrong) = hostile_programs(language);
            assert_eq!(wrong, Vec::<String>::new());
            count += programs.len();
        }
        assert!(count >= 150, "{count} programs");
    }
}
