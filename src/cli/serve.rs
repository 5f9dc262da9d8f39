//! `cellblock serve` and `cellblock all`.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::args::{Global, ServeArgs};
use super::dispatch::{Failure, Finish};
use super::print;
use super::signals::listen;
use crate::app::worker::DrainSwitch;
use crate::app::{ServeRequest, open_host_of_any, serve, serve_all};
use crate::config::Config;
use crate::http::{ApiKey, ApiSettings};
use crate::job::{Lane, Language};
use crate::telemetry::Telemetry;

/// What is said when a signal comes.
const STOPPING: &str = "stopping; what runs gets a moment to end (once more to stop at once)";

/// The API alone.
pub(super) fn run_serve(global: &Global, config: &Config, args: &ServeArgs) -> Result<Finish, Failure> {
    let settings = api_settings(config, Language::ALL.to_vec())?;
    let telemetry = Telemetry::new();
    runtime()?.block_on(async {
        let drain = DrainSwitch::new();
        let request = request(global, config, args, settings, telemetry).await?;
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
    let settings = api_settings(config, languages)?;
    let telemetry = host.telemetry().clone();
    runtime()?.block_on(async {
        let drain = DrainSwitch::new();
        let request = request(global, config, args, settings, telemetry).await?;
        tokio::select! {
            ended = serve_all(request, config.slots(), host, &drain) => ended?,
            never = listen(&drain, STOPPING) => match never {},
        }
        Ok(Finish::Good)
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn api_settings(config: &Config, languages: Vec<Language>) -> Result<ApiSettings, Failure> {
    let (body_bytes, batch_bytes) = config.http_bytes();
    Ok(ApiSettings {
        keys: config.http_api_keys().map(ApiKey::parse).collect::<Result<_, _>>()?,
        body_bytes,
        batch_bytes,
        limits: config.limits(),
        lanes: vec![Lane::interactive(), Lane::batch()],
        languages,
        metrics: None,
    })
}

/// Begins to listen, and says where.
async fn request(
    global: &Global,
    config: &Config,
    args: &ServeArgs,
    api: ApiSettings,
    telemetry: Telemetry,
) -> Result<ServeRequest, Failure> {
    let wanted = args.listen.or(config.http_listen()).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let listener = TcpListener::bind(wanted).await.map_err(|error| format!("http.listen {wanted}: {error}"))?;
    let found = listener.local_addr()?;
    if global.json {
        print::line(serde_json::json!({"listening": found.to_string()}));
    } else {
        print::note(format_args!("listening on http://{found} (state in {})", args.state.display()));
    }
    Ok(ServeRequest { listener, api, state: args.state.clone(), telemetry })
}
