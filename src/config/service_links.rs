//! Variables that Kubernetes gives every pod for each Service. Those of a Service that is named `cellblock`, or
//! `cellblock-` and more, begin as the variables of keys do, and nobody wrote them.

use std::net::IpAddr;

/// The protocols of a Service's ports.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// What may follow the protocol of a port: nothing, or the name of a part of its address.
const PARTS: [&str; 4] = ["", "_ADDR", "_PORT", "_PROTO"];

/// Whether a variable is of these. Where its name alone could be a mistyped key, the value decides.
pub(super) fn is_service_link(variable: &str, value: &str) -> bool {
    if variable.ends_with("_SERVICE_HOST") {
        return value.parse::<IpAddr>().is_ok();
    }
    if variable.ends_with("_SERVICE_PORT") || variable.contains("_SERVICE_PORT_") {
        return value.parse::<u16>().is_ok();
    }
    let mut endings = PROTOCOLS.iter().flat_map(|protocol| PARTS.map(|part| format!("_{protocol}{part}")));
    let is_numbered = |rest: &str| rest.rsplit_once("_PORT_").is_some_and(|(_, number)| number.parse::<u16>().is_ok());
    let is_url = |protocol: &&str| value.starts_with(&format!("{}://", protocol.to_lowercase()));
    endings.any(|ending| variable.strip_suffix(&ending).is_some_and(is_numbered))
        || (variable.ends_with("_PORT") && PROTOCOLS.iter().any(is_url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_for_a_service_is_told_from_a_mistyped_key() {
        let url = "tcp://10.96.0.7:8080";
        for service in ["CELLBLOCK", "CELLBLOCK_API", "CELLBLOCK_WORKER"] {
            for (name, value) in [
                ("_SERVICE_HOST", "10.96.0.7"),
                ("_SERVICE_HOST", "fd00::7"),
                ("_SERVICE_PORT", "8080"),
                ("_SERVICE_PORT_HTTP", "8080"),
                ("_PORT", url),
                ("_PORT_8080_TCP", url),
                ("_PORT_8080_TCP_ADDR", "10.96.0.7"),
                ("_PORT_8080_TCP_PORT", "8080"),
                ("_PORT_8080_TCP_PROTO", "tcp"),
                ("_PORT_53_UDP_ADDR", "10.96.0.7"),
                ("_PORT_53_UDP", "udp://10.96.0.7:53"),
            ] {
                assert!(is_service_link(&format!("{service}{name}"), value), "{service}{name}");
            }
        }
        for (name, value) in [
            ("CELLBLOCK_PORT", "8080"),
            ("CELLBLOCK_HTTP_PORT", "8080"),
            ("CELLBLOCK_SERVICE_HOST", "queue.example"),
            ("CELLBLOCK_SERVICE_PORT", ""),
            ("CELLBLOCK_PORT_X_TCP", url),
            ("CELLBLOCK_TCP", url),
            ("CELLBLOCK_WORKER_SLOTS", "2"),
        ] {
            assert!(!is_service_link(name, value), "{name}={value}");
        }
    }
}
