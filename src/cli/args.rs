//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Runs untrusted Python and JavaScript functions in batches, each in a jailed process.
#[derive(Debug, Parser)]
#[command(name = "cellblock", version, propagate_version = true)]
pub(super) struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub(super) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// Configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Sets one configuration key, such as worker.slots=4; may be given again
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Prints JSON instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Prints more of what happens to standard error; again for still more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run one function in the jail, here and now
    Run(RunArgs),
    /// Measure how fast this host runs jobs; run it when the host is idle
    Bench(BenchArgs),
    /// Show which layers of the jail this host gives, and what to do about a missing one
    Doctor,
    /// Print the configuration in force, with the source of each value
    Config,
    /// The process that builds jails; started by the others
    #[command(hide = true)]
    Jailer,
}

/// How a function is called.
#[derive(Debug, Clone, Args)]
pub(super) struct FunctionArgs {
    /// Source file of the function: .py, .js, .mjs or .cjs
    pub(super) file: PathBuf,
    /// Language, where the file's ending does not tell: python3 or nodejs
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) language: Option<String>,
    /// The function to call
    #[arg(long, default_value = "main", value_name = "NAME")]
    pub(super) entrypoint: String,
    /// Sets one limit, such as wall_ms=2000; may be given again
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    pub(super) limits: Vec<String>,
}

/// `cellblock run`.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) function: FunctionArgs,
    /// JSON file with an object of inputs; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) inputs: Option<PathBuf>,
    /// One input; the value is JSON, or text where it is not; may be given again
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub(super) input: Vec<String>,
}

/// `cellblock bench`.
#[derive(Debug, Clone, Args)]
pub(super) struct BenchArgs {
    /// How long each row is measured
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    pub(super) seconds: f64,
    /// Items of a chunk
    #[arg(long, default_value_t = 1000, value_name = "NUMBER", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub(super) chunk: usize,
}
