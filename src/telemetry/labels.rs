//! What a label is, and how one is declared.

/// One label, or several that belong together, with all the values that they can have.
pub(super) trait Labels: Copy {
    /// The labels' names.
    fn names() -> Vec<&'static str>;

    /// Every combination of values.
    fn rows() -> Vec<Vec<&'static str>>;

    /// How many combinations there are.
    fn count() -> usize;

    /// The place of this one in [`Labels::rows`].
    fn index(self) -> usize;
}

impl Labels for () {
    fn names() -> Vec<&'static str> {
        Vec::new()
    }

    fn rows() -> Vec<Vec<&'static str>> {
        vec![Vec::new()]
    }

    fn count() -> usize {
        1
    }

    fn index(self) -> usize {
        0
    }
}

impl<A: Labels, B: Labels> Labels for (A, B) {
    fn names() -> Vec<&'static str> {
        [A::names(), B::names()].concat()
    }

    fn rows() -> Vec<Vec<&'static str>> {
        let (heads, tails) = (A::rows(), B::rows());
        heads.iter().flat_map(|head| tails.iter().map(move |tail| [head.as_slice(), tail].concat())).collect()
    }

    fn count() -> usize {
        A::count() * B::count()
    }

    fn index(self) -> usize {
        self.0.index() * B::count() + self.1.index()
    }
}

/// A label whose values are those of a type of the vocabulary.
macro_rules! label_of {
    ($type:ty, $name:literal, $all:expr, $text:expr) => {
        impl Labels for $type {
            fn names() -> Vec<&'static str> {
                vec![$name]
            }

            fn rows() -> Vec<Vec<&'static str>> {
                $all.into_iter().map(|value| vec![$text(value)]).collect()
            }

            fn count() -> usize {
                $all.len()
            }

            fn index(self) -> usize {
                // A value that is not listed has no series, and is not counted under another's name.
                $all.into_iter().position(|value| value == self).unwrap_or(usize::MAX)
            }
        }
    };
}

/// Declares a label with its values.
macro_rules! label {
    (
        $(#[$doc:meta])* $vis:vis $type:ident is $name:literal {
            $($(#[$value_doc:meta])* $value:ident = $text:expr,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $type {
            $($(#[$value_doc])* $value,)+
        }

        label_of!($type, $name, [$(Self::$value),+], |value: $type| match value {
            $($type::$value => $text,)+
        });
    };
}

pub(super) use {label, label_of};
