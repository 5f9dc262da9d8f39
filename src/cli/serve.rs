//! `cellblock serve`, `cellblock all` and `cellblock worker`.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::args::{Global, ServeArgs, WorkerArgs};
use super::dispatch::{Failure, Finish};
use super::print;
use super::runtime;
use super::signals::listen;
use crate::app::worker::DrainSwitch;
use crate::app::{Backend, Distributed, ServeRequest, WorkRequest, open_host_of_any, serve, serve_all, work};
use crate::config::{Config, ListenPart};
use crate::http::{ApiKey, ApiSettings};
use crate::job::Language;
use crate::telemetry::Telemetry;

/// What is said when a signal comes.
const STOPPING: &str = "stopping; what runs gets a moment to end (once more to stop at once)";

/// The API alone.
pub(super) fn run_serve(global: &Global, config: &Config, args: &ServeArgs) -> Result<Finish, Failure> {
    let api = api_settings(config, Language::ALL.to_vec(), Telemetry::new())?;
    let backend = Backend::of(config, &args.state)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let drain = DrainSwitch::new();
        let place = Place { part: ListenPart::Http, wanted: args.listen };
        let request = place.request(global, config, backend, api).await?;
        tokio::select! {
            ended = serve(request, &drain) => ended?,
            never = listen(&drain, STOPPING) => match never {},
        }
        Ok(Finish::Good)
    })
}

/// The API and a worker.
pub(super) fn run_all(global: &Global, config: &Config, args: &ServeArgs) -> Result<Finish, Failure> {
    let (host, languages) = open_host_of_any(config)?;
    let api = api_settings(config, languages, host.telemetry().clone())?;
    let backend = Backend::of(config, &args.state)?;
    let working = WorkRequest::of(config, host);
    runtime::beside_programs()?.block_on(async {
        let drain = DrainSwitch::new();
        let place = Place { part: ListenPart::Http, wanted: args.listen };
        let request = place.request(global, config, backend, api).await?;
        tokio::select! {
            ended = serve_all(request, &working, &drain) => ended?,
            never = listen(&drain, STOPPING) => match never {},
        }
        Ok(Finish::Good)
    })
}

/// A worker alone.
pub(super) fn run_worker(global: &Global, config: &Config, args: &WorkerArgs) -> Result<Finish, Failure> {
    let servers = Distributed::of(config, "; `cellblock all` needs none")?;
    let (host, languages) = open_host_of_any(config)?;
    let api = api_settings(config, languages, host.telemetry().clone())?;
    let working = WorkRequest::of(config, host);
    runtime::beside_programs()?.block_on(async {
        let drain = DrainSwitch::new();
        let place = Place { part: ListenPart::Worker, wanted: args.listen };
        let backend = Backend::Distributed(Box::new(servers.clone()));
        let listener = place.listen(global, config, &backend.to_string()).await?;
        tokio::select! {
            ended = work(listener, api, &servers, &working, &drain) => ended?,
            never = listen(&drain, STOPPING) => match never {},
        }
        Ok(Finish::Good)
    })
}

fn api_settings(config: &Config, languages: Vec<Language>, telemetry: Telemetry) -> Result<ApiSettings, Failure> {
    let (body_bytes, batch_bytes) = config.http_bytes();
    Ok(ApiSettings {
        keys: config.http_api_keys().map(ApiKey::parse).collect::<Result<_, _>>()?,
        body_bytes,
        batch_bytes,
        limits: config.limits(),
        lanes: config.queue_lanes(),
        languages,
        telemetry,
        lacks: Arc::new(Vec::new),
    })
}

/// Where a part of the program listens.
struct Place {
    part: ListenPart,
    wanted: Option<SocketAddr>,
}

impl Place {
    /// Takes what the service has for its own, and listens only then.
    async fn request(
        &self,
        global: &Global,
        config: &Config,
        backend: Backend,
        api: ApiSettings,
    ) -> Result<ServeRequest, Failure> {
        let said = backend.to_string();
        let backend = backend.take(&api.telemetry).await?;
        let listener = self.listen(global, config, &said).await?;
        Ok(ServeRequest { listener, api, backend })
    }

    /// Begins to listen, and says where, and where the state is.
    async fn listen(&self, global: &Global, config: &Config, backend: &str) -> Result<TcpListener, Failure> {
        let (key, usual) = match self.part {
            ListenPart::Http => ("http.listen", 8080),
            ListenPart::Worker => ("worker.listen", 9464),
        };
        let configured = self.wanted.or(config.listen(self.part));
        let wanted = configured.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], usual)));
        let listener = TcpListener::bind(wanted).await.map_err(|error| format!("{key} {wanted}: {error}"))?;
        let found = listener.local_addr()?;
        if global.json {
            print::line(serde_json::json!({"listening": found.to_string()}));
        } else {
            print::note(format_args!("listening on http://{found} ({backend})"));
        }
        Ok(listener)
    }
}
