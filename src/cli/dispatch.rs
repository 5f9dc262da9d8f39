//! From the command line to a command.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use super::args::{BatchCommand, Cli, Command, Global};
use super::{attack, batch, bench, config, dlq, doctor, print, run, schema, serve, topology};
use crate::config::{Config, Sources};
use crate::jail;

/// A message for the person at the terminal: what went wrong and what to do.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a command says of itself to the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// All is well: status 0.
    Good,
    /// The command did its work, and what it worked on did not succeed: status 1.
    Bad,
}

/// The program: reads the command line, runs the command. Status 0 for success, 1 when the user's program or a check
/// did not succeed, 2 when the command itself could not be carried out.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Jailer = cli.command {
        return jailer();
    }
    start_log(cli.global.verbose);
    if let Command::DropRoot(args) = &cli.command {
        print::error(jail::drop_root(&args.command));
        return ExitCode::from(2);
    }
    match run_command(&cli) {
        Ok(Finish::Good) => ExitCode::SUCCESS,
        Ok(Finish::Bad) => ExitCode::from(1),
        Err(error) => {
            print::error(error);
            ExitCode::from(2)
        }
    }
}

fn jailer() -> ExitCode {
    match jail::run_jailer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(format_args!("jailer: {error}"));
            ExitCode::from(2)
        }
    }
}

fn start_log(verbose: u8) {
    let level = match verbose {
        // Whatever fails at the broker is told once more, with what it means, by whoever asked for it.
        0 => "warn,lapin=off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let has_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(has_terminal).init();
}

fn run_command(cli: &Cli) -> Result<Finish, Failure> {
    let config = load_config(&cli.global)?;
    match &cli.command {
        Command::Run(args) => run::run(&cli.global, &config, args),
        Command::Batch(BatchCommand::Run(args)) => batch::run(&cli.global, &config, args),
        Command::Worker(args) => serve::run_worker(&cli.global, &config, args),
        Command::Serve(args) => serve::run_serve(&cli.global, &config, args),
        Command::All(args) => serve::run_all(&cli.global, &config, args),
        Command::Topology(command) => topology::topology(&cli.global, &config, command),
        Command::Dlq(args) => dlq::dlq(&cli.global, &config, args),
        Command::Bench(args) => bench::bench(&cli.global, &config, args),
        Command::Doctor(args) => match &args.attack {
            Some(class) => attack::attack(&cli.global, &config, class),
            None => doctor::doctor(&cli.global, &config),
        },
        Command::Schema(args) => schema::show(args),
        Command::Config => config::show(&cli.global, &config),
        Command::Jailer | Command::DropRoot(_) => Ok(Finish::Good),
    }
}

fn load_config(global: &Global) -> Result<Config, Failure> {
    let file = match &global.config {
        Some(path) => {
            Some(std::fs::read_to_string(path).map_err(|error| format!("--config {}: {error}", path.display()))?)
        }
        None => None,
    };
    // A variable that is no text may be there, as long as it is not ours: then it does not fit its key.
    let texts = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.display().to_string()));
    let environment = std::env::vars_os().filter_map(texts).collect();
    let loaded = Config::load(&Sources { file, environment, flags: global.set.clone() });
    loaded.map_err(|error| match &global.config {
        Some(path) if error.is_of_file() => format!("--config {}: {error}", path.display()).into(),
        Some(_) | None => error.into(),
    })
}
