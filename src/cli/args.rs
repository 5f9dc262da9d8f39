//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::values::{address, whole_number};

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
    /// Run one function over many items
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Run jobs from RabbitMQ, with results in Redis
    Worker(WorkerArgs),
    /// Serve the HTTP API without running jobs
    Serve(ServeArgs),
    /// Serve the HTTP API and run jobs in one process; without any server besides unless some are configured
    All(ServeArgs),
    /// What RabbitMQ needs: exchanges, queues, bindings, policies
    #[command(subcommand)]
    Topology(TopologyCommand),
    /// Look at dead letters, run them again, drop them
    Dlq(DlqArgs),
    /// Measure how fast this host runs jobs; run it when the host is idle
    Bench(BenchArgs),
    /// Show which layers of the jail this host gives, and what to do about a missing one
    Doctor(DoctorArgs),
    /// Print the JSON Schema of a document that clients send or get
    Schema(SchemaArgs),
    /// Print the configuration in force, with the source of each value
    Config,
    /// Give up root, then become another program: how containers start
    DropRoot(DropRootArgs),
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
    /// Converts one input to string, number, boolean, object, array or file; may be given again
    #[arg(long = "input-type", value_name = "NAME=TYPE")]
    pub(super) input_types: Vec<String>,
    /// Makes an input that cannot be converted 0 or null instead of an error
    #[arg(long)]
    pub(super) lenient_types: bool,
    /// Declares one output: string, number, boolean, object, array or array[…]; may be given again
    #[arg(long = "output-type", value_name = "NAME=TYPE")]
    pub(super) output_types: Vec<String>,
    /// Sets one limit, such as wall_ms=2000; may be given again
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    pub(super) limits: Vec<String>,
    /// Starts every generator of random numbers from here, so that they give the same again
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = whole_number)]
    pub(super) seed: Option<u64>,
    /// Lets the clock stand at this moment of RFC 3339
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
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

/// `cellblock worker`.
#[derive(Debug, Clone, Args)]
pub(super) struct WorkerArgs {
    /// Address and port of /healthz, /readyz and /metrics; worker.listen unless given, port 0 for any free one
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: Option<std::net::SocketAddr>,
}

/// `cellblock serve` and `cellblock all`.
#[derive(Debug, Clone, Args)]
pub(super) struct ServeArgs {
    /// File that holds queue and results when no servers are configured; one process at a time uses it
    #[arg(long, default_value = "cellblock.db", value_name = "FILE")]
    pub(super) state: PathBuf,
    /// Address and port to listen on; http.listen unless given, port 0 for any free one
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: Option<std::net::SocketAddr>,
}

/// `cellblock topology`.
#[derive(Debug, Subcommand)]
pub(super) enum TopologyCommand {
    /// Declare what is missing and set the policies
    Apply,
    /// Print what is needed
    Show {
        /// As a definitions.json, for `rabbitmqctl import_definitions`
        #[arg(long)]
        definitions: bool,
    },
}

/// `cellblock dlq`.
#[derive(Debug, Args)]
pub(super) struct DlqArgs {
    /// File that holds queue and results when no servers are configured
    #[arg(long, default_value = "cellblock.db", value_name = "FILE", global = true)]
    pub(super) state: PathBuf,
    #[command(subcommand)]
    pub(super) command: DlqCommand,
}

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub(super) enum DlqCommand {
    /// List dead letters, oldest first
    Ls {
        /// Most that are listed
        #[arg(long, default_value_t = 100, value_name = "N", allow_negative_numbers = true)]
        limit: u32,
    },
    /// Show one with its body
    Show {
        /// Its id
        id: String,
    },
    /// Run jobs again, each as a new job with a new id
    Replay(DlqSelection),
    /// Remove dead letters
    Drop(DlqSelection),
}

/// Which dead letters.
#[derive(Debug, Clone, Args)]
pub(super) struct DlqSelection {
    /// Their ids
    pub(super) ids: Vec<String>,
    /// All of them
    #[arg(long)]
    pub(super) all: bool,
}

/// `cellblock bench`.
#[derive(Debug, Clone, Args)]
pub(super) struct BenchArgs {
    /// How long each measurement takes
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    pub(super) seconds: f64,
    /// Items of a chunk
    #[arg(long, default_value_t = 1000, value_name = "NUMBER", allow_negative_numbers = true, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub(super) chunk: usize,
    /// Throughput only: no latency at half load, and nothing to compare with
    #[arg(long)]
    pub(super) alone: bool,
}

/// `cellblock batch`.
#[derive(Debug, Subcommand)]
pub(super) enum BatchCommand {
    /// Run a function over a file of items, here and now, without any server
    #[command(after_help = BATCH_RUN_HELP)]
    Run(BatchRunArgs),
}

const BATCH_RUN_HELP: &str = "\
Items: JSON Lines. Each line is one item, a JSON object with the function's arguments. A line that is not (an empty one
or one that is not UTF-8, too) gets the outcome `failed`, and the others run. Items are counted from 0 in the results, lines
from 1 in messages.

Results: JSON Lines, one line an item, in item order, from the first moment on. With --from-results `item` counts the
lines that are used.

Resuming: the state of an unfinished run is kept in OUT.state. Whatever stopped it, the same command goes on with it;
finished chunks are not run again. The state is removed when all results are written.

Exit status: 0 when every item has a result, whatever it says; 1 when more than --max-failures items failed or the run was
interrupted; 2 when it could not be carried out.";

/// `cellblock batch run`.
#[derive(Debug, Clone, Args)]
pub(super) struct BatchRunArgs {
    #[command(flatten)]
    pub(super) function: FunctionArgs,
    /// JSON Lines, one item a line; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) items: PathBuf,
    /// Where the results go; next to the items, as NAME.results.jsonl, unless given
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Items that one process serves at most; a number that fits the file unless given
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) chunk: Option<u32>,
    /// Gives up when more items than this did not succeed
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number)]
    pub(super) max_failures: Option<u64>,
    /// Drops the state of an unfinished run and begins anew
    #[arg(long)]
    pub(super) restart: bool,
    /// The items are a results file: the output of each success is an item, other lines are left out
    #[arg(long)]
    pub(super) from_results: bool,
    /// Writes the metrics of this run, in Prometheus' text format, when it ends
    #[arg(long, value_name = "FILE")]
    pub(super) metrics: Option<PathBuf>,
}

/// `cellblock doctor`.
#[derive(Debug, Clone, Args)]
pub(super) struct DoctorArgs {
    /// Runs more than 500 hostile programs in this host's jails, or those of one class, and says what got through
    #[arg(long, value_name = "CLASS", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    pub(super) attack: Option<String>,
}

/// `cellblock drop-root`.
#[derive(Debug, Clone, Args)]
pub(super) struct DropRootArgs {
    /// A program and its arguments, such as: cellblock worker
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    pub(super) command: Vec<std::ffi::OsString>,
}

/// `cellblock schema`.
#[derive(Debug, Clone, Args)]
pub(super) struct SchemaArgs {
    /// Which document
    pub(super) document: Document,
}

/// A document with a published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Document {
    /// A job, as a client sends it
    Job,
    /// A result, as a client gets it
    Result,
}
