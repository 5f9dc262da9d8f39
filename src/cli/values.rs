//! Values of options that are read in our own words: what is wrong with one is said as it is for a key.

use std::net::SocketAddr;

use crate::config::KeyKind;

/// A whole number. Its option must let values with a hyphen through, so that -1 is told of as a value.
pub(super) fn whole_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "must be a whole number, 0 or more".to_owned())
}

/// Where to listen.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("is not {}", KeyKind::Address.misfit(text).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::args::Cli;

    fn refused(line: &str) -> String {
        Cli::try_parse_from(line.split(' ')).unwrap_err().to_string()
    }

    #[test]
    fn a_number_below_0_is_told_of_as_a_value() {
        for (line, said) in [
            ("cellblock run f.py --seed -1", "0 or more"),
            ("cellblock run f.py --seed x", "0 or more"),
            ("cellblock batch run f.py --items i --max-failures -1", "0 or more"),
            ("cellblock batch run f.py --items i --chunk -1", "1..=100000"),
            ("cellblock dlq ls --limit -1", "not in 0.."),
            ("cellblock bench --chunk -1", "invalid value '-1'"),
        ] {
            let error = refused(line);
            assert!(error.contains(said) && !error.contains("'-- "), "{line}: {error}");
        }
        assert!(Cli::try_parse_from(["cellblock", "run", "f.py", "--seed", "0"]).is_ok());
    }

    #[test]
    fn an_address_that_is_none_is_told_what_one_is() {
        for command in ["all", "serve", "worker"] {
            let error = refused(&format!("cellblock {command} --listen localhost:1"));
            assert!(error.contains("an address with a port, such as 127.0.0.1:8080"), "{error}");
        }
    }
}
