//! Items, results and state as files.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

use super::command::{FUNCTION, Finished, Place, items};

#[test]
fn every_line_is_an_item_and_a_bad_one_says_why() {
    let place = Place::new("{\"n\":0}\n\n{\"n\":2}\r\nnull\n{\"n\":4}");
    let run = place.run(&[]);
    assert_eq!(run.status, Some(0));
    let results = place.results();
    assert_eq!(place.outcomes(), BTreeMap::from([("failed", 2), ("succeeded", 3)]));
    let said = |item: usize| results[item].error.as_ref().unwrap().message.as_str();
    assert_eq!(said(1), "item 1 is an empty line; each line must hold one JSON object");
    assert_eq!(said(3), "inputs must be an object of arguments by name, not null");
}

#[test]
fn no_items_are_no_trouble() {
    let place = Place::new("");
    let run = place.run(&[]);
    assert_eq!((run.status, &run.summary["items"]), (Some(0), &0.into()));
    assert_eq!(place.read("out.jsonl"), "");
}

#[test]
fn a_line_that_is_no_text_fails_and_the_others_run() {
    let place = Place::new("");
    std::fs::write(place.path("items.jsonl"), b"{\"n\":0}\n{\"n\":\"\xe4\"}\n\xef\xbf\xbd\n{\"n\":3}\n\xff").unwrap();
    let run = place.run(&["--chunk", "2"]);
    assert_eq!((run.status, &run.summary["items"]), (Some(0), &5.into()), "{}", run.errors);
    let results = place.results();
    assert_eq!(place.outcomes(), BTreeMap::from([("failed", 3), ("succeeded", 2)]));
    let said = |item: usize| results[item].error.as_ref().unwrap().message.as_str();
    assert_eq!(said(1), "item 1 is not UTF-8; each line must hold one JSON object");
    assert_eq!(said(2), "inputs are not acceptable: the text is not JSON (at byte 0)", "this one is text");
    assert_eq!(said(4), "item 4 is not UTF-8; each line must hold one JSON object");
    assert_eq!(results[3].output.as_ref().unwrap().get(), "{\"n\":3,\"double\":6}");
}

#[test]
fn large_items_make_small_chunks() {
    let long = "x".repeat(100_000);
    let lines: String = (0..20).map(|n| format!("{{\"n\":\"{long}{n}\"}}\n")).collect();
    let place = Place::new(&lines);
    place.write("f.py", "def main(n): return {'n': n[-2:], 'length': len(n)}");
    let run = place.run(&["--chunk", "100"]);
    assert_eq!((run.status, &run.summary["outcomes"]["succeeded"]), (Some(0), &20.into()));
    assert_eq!(place.results()[19].output.as_ref().unwrap().get(), "{\"n\":\"19\",\"length\":100002}");
}

#[test]
fn results_are_the_items_of_the_next_run() {
    let place = Place::new(&items(100, 0, &BTreeMap::from([(10, "raise"), (99, "raise")])));
    assert_eq!(place.run(&[]).status, Some(0));
    place.write("g.js", "function main({ n, double }) { return { text: `${n} ${double}` }; }");
    let second = place.bare(&["g.js", "--items", "out.jsonl", "--from-results"]).output().unwrap();
    let second = Finished::of(second);
    assert_eq!((second.status, &second.summary["items"]), (Some(0), &98.into()), "{}", second.errors);
    assert_eq!((&second.summary["skipped_lines"], &second.summary["out"]), (&2.into(), &"out.results.jsonl".into()));
    let text = place.read("out.results.jsonl");
    assert!(
        text.lines()
            .nth(10)
            .unwrap()
            .starts_with("{\"item\":10,\"outcome\":\"succeeded\",\"output\":{\"text\":\"11 22\"}")
    );

    let wrong = Finished::of(place.bare(&["g.js", "--items", "items.jsonl", "--from-results"]).output().unwrap());
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.errors.contains("line 1 is not a result of `cellblock batch run`"), "{}", wrong.errors);
}

#[test]
fn items_may_come_from_standard_input() {
    let place = Place::new("");
    let mut command = place.bare(&["f.py", "--items", "-", "--out", "out.jsonl"]);
    let mut running = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    input.write_all(items(50, 0, &BTreeMap::new()).as_bytes()).unwrap();
    drop(input);
    let run = Finished::of(running.wait_with_output().unwrap());
    assert_eq!(run.status, Some(0), "{}", run.errors);
    assert_eq!(place.outcomes(), BTreeMap::from([("succeeded", 50)]));
    assert_eq!(place.files(), ["f.py", "items.jsonl", "out.jsonl"]);
}

#[test]
fn what_is_read_is_never_overwritten() {
    let place = Place::new("{\"n\":1}\n");
    for (arguments, other) in [
        (&["--out", "f.py"][..], "the program f.py"),
        (&["--out", "./items.jsonl"], "--items items.jsonl"),
        (&["--out", "out.jsonl", "--metrics", "items.jsonl"], "--items items.jsonl"),
        (&["--out", "out.jsonl", "--metrics", "out.jsonl"], "--out out.jsonl"),
    ] {
        let mut command = place.bare(&["f.py", "--items", "items.jsonl"]);
        let run = Finished::of(command.args(arguments).output().unwrap());
        assert_eq!(run.status, Some(2), "{arguments:?}");
        assert!(run.errors.contains(&format!("is the same file as {other}")), "{}", run.errors);
    }
    // Standard input may be a file too.
    let mut command = place.bare(&["f.py", "--items", "-", "--out", "items.jsonl"]);
    let input = std::fs::File::open(place.path("items.jsonl")).unwrap();
    let run = Finished::of(command.stdin(input).output().unwrap());
    assert!(run.errors.contains("is the same file as --items -"), "{}", run.errors);
    assert_eq!((place.read("items.jsonl"), place.read("f.py")), ("{\"n\":1}\n".to_owned(), FUNCTION.to_owned()));
    assert_eq!(place.files(), ["f.py", "items.jsonl"]);
}
