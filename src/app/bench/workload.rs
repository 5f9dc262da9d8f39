//! What is run, and the answers that it must give.

use serde::Serialize;

use crate::job::{Language, Program, RawJson};
use crate::lang::Runtime;
use crate::runner::Item;

const PANDAS: &str = "\
import pandas as pd


def main(n):
    frame = pd.DataFrame({'group': [i % 3 for i in range(30)], 'value': [n + i for i in range(30)]})
    return {'n': int(frame.groupby('group')['value'].sum()[0])}
";

/// What a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// A job in a process of its own.
    Job,
    /// The same, of a Python function that uses pandas.
    PandasJob,
    /// An item of a chunk.
    Item,
}

impl Workload {
    /// Those that this interpreter can run.
    #[must_use]
    pub fn of(runtime: &Runtime) -> Vec<Self> {
        let has_pandas = runtime.preload.iter().any(|module| module == "pandas");
        let mut all = vec![Self::Job, Self::Item];
        if runtime.language == Language::Python && has_pandas {
            all.insert(1, Self::PandasJob);
        }
        all
    }

    /// The function.
    pub(super) fn program(self, language: Language) -> Program {
        let code = match (self, language) {
            (Self::PandasJob, _) => PANDAS,
            (Self::Job | Self::Item, Language::Python) => "def main(n):\n    return {'n': n + 1}\n",
            (Self::Job | Self::Item, Language::Node) => "function main({ n }) {\n  return { n: n + 1 };\n}\n",
        };
        Program::new(language, code)
    }

    /// So many sets of arguments; none where a number does not fit.
    pub(super) fn items(count: usize) -> Option<Vec<Item>> {
        (0..count as u64)
            .map(|n| Some(Item { index: n, inputs: RawJson::parse(format!("{{\"n\":{n}}}")).ok()? }))
            .collect()
    }

    /// What the function answers, without spaces.
    pub(super) fn expected(self, n: u64) -> String {
        match self {
            Self::Job | Self::Item => format!("{{\"n\":{}}}", n + 1),
            // The sum of n, n + 3, … n + 27.
            Self::PandasJob => format!("{{\"n\":{}}}", 10 * n + 135),
        }
    }
}
