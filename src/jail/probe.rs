//! Which layers this host gives, and what would provide a missing one. Reads only; builds nothing.

use std::path::Path;

use super::IdMap;
use super::cgroup::{self, Found, Need};
use crate::sys::kernel;

/// How a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerState {
    /// There.
    Present,
    /// Not there, and jobs run all the same, with one layer less.
    Absent,
    /// Not there, and no job runs.
    Missing,
}

/// One layer of the jail on this host.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Layer {
    /// Its name.
    pub name: &'static str,
    /// How it is.
    pub state: LayerState,
    /// What was found.
    pub found: String,
    /// What to do when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
}

/// Oldest kernel with all that the jail needs: close_range(2) came last, with 5.9.
const OLDEST_KERNEL: (u32, u32) = (5, 9);

/// Looks at every layer, for a configuration that asks for this.
#[must_use]
pub fn layers(need: Need) -> Vec<Layer> {
    vec![kernel_version(), namespaces(), user_namespaces(), ids(), cgroup_for(need), swap(), seccomp(), landlock()]
}

fn layer(name: &'static str, is_there: bool, found: impl Into<String>, remedy: &'static str) -> Layer {
    let state = if is_there { LayerState::Present } else { LayerState::Missing };
    Layer { name, state, found: found.into(), remedy: (!is_there).then_some(remedy) }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn kernel_version() -> Layer {
    let release = read("/proc/sys/kernel/osrelease");
    let release = release.trim();
    let is_new_enough = version_of(release).is_some_and(|found| found >= OLDEST_KERNEL);
    layer("kernel", is_new_enough, release, "Linux 5.9 or newer is needed")
}

fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn namespaces() -> Layer {
    const KINDS: [&str; 7] = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"];
    let lacking: Vec<&str> = KINDS.into_iter().filter(|kind| !Path::new("/proc/self/ns").join(kind).exists()).collect();
    let found = if lacking.is_empty() { KINDS.join(" ") } else { format!("no {}", lacking.join(", ")) };
    layer("namespaces", lacking.is_empty(), found, "a kernel with CONFIG_NAMESPACES and all its kinds is needed")
}

fn user_namespaces() -> Layer {
    // Debian's and Ubuntu's own switches; a file that is not there means "allowed".
    let is_off = |path: &str, off: &str| read(path).trim() == off;
    let max = read("/proc/sys/user/max_user_namespaces");
    let is_root = nix::unistd::geteuid().is_root();
    let blocked = !is_root
        && (is_off("/proc/sys/kernel/unprivileged_userns_clone", "0")
            || is_off("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"));
    let allowed = max.trim() != "0" && !blocked;
    let found = format!("at most {}{}", max.trim(), if blocked { ", not for this user" } else { "" });
    layer(
        "user namespaces",
        allowed,
        found,
        "sysctl user.max_user_namespaces=10000; where they are there, kernel.unprivileged_userns_clone=1 and \
         kernel.apparmor_restrict_unprivileged_userns=0; or run as root",
    )
}

fn ids() -> Layer {
    match IdMap::choose(nix::unistd::geteuid().as_raw(), &read("/proc/self/uid_map")) {
        IdMap::Range { host_base, count } => {
            layer("ids", true, format!("{count} from {host_base}: every slot has a uid of its own"), "")
        }
        IdMap::Single => Layer {
            name: "ids",
            state: LayerState::Absent,
            found: "this user's own id: every slot has the same uid".to_owned(),
            remedy: Some("run as root of the host to give every slot a uid of its own"),
        },
    }
}

fn cgroup_for(need: Need) -> Layer {
    let found = cgroup();
    if found.state == LayerState::Present || need == Need::Group {
        return found;
    }
    Layer { state: LayerState::Absent, found: format!("{}; a watchdog polls memory and time", found.found), ..found }
}

fn cgroup() -> Layer {
    let remedy = "mount a cgroup hierarchy with the memory and pids controllers and let this process make groups below \
                  its own: run as root, or systemd-run --user --scope -p Delegate=yes …; in a container, docker/README.md";
    match cgroup::detect(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup")) {
        Some(Found::V1 { memory, .. }) => {
            let can = kernel::may_write(&memory);
            layer("cgroup", can, format!("v1, {}", memory.display()), remedy)
        }
        Some(Found::V2 { own }) => {
            let controllers = read(&own.join("cgroup.controllers").display().to_string());
            let has = |name| controllers.split_whitespace().any(|found| found == name);
            let can = has("memory") && has("pids") && kernel::may_write(&own);
            layer("cgroup", can, format!("v2, {} ({})", own.display(), controllers.trim()), remedy)
        }
        None => layer("cgroup", false, "none with a memory controller", remedy),
    }
}

fn swap() -> Layer {
    let is_used = read("/proc/swaps").lines().count() > 1;
    let counts = match cgroup::detect(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup")) {
        Some(Found::V1 { memory, .. }) => memory.join("memory.memsw.limit_in_bytes").exists(),
        Some(Found::V2 { .. }) => true,
        None => false,
    };
    let remedy = "boot with swapaccount=1, or switch swap off: without it a job may use swap beyond its memory limit";
    match (is_used, counts) {
        (false, _) => layer("swap", true, "none on this host", ""),
        (true, true) => layer("swap", true, "off for jobs", ""),
        (true, false) => {
            Layer { name: "swap", state: LayerState::Absent, found: "not limited".to_owned(), remedy: Some(remedy) }
        }
    }
}

fn seccomp() -> Layer {
    let actions = read("/proc/sys/kernel/seccomp/actions_avail");
    let has = actions.split_whitespace().any(|action| action == "user_notif");
    let found = if has { "filters with user notification" } else { "no user notification" };
    layer("seccomp", has, found, "a kernel with CONFIG_SECCOMP_FILTER, 5.5 or newer, is needed")
}

fn landlock() -> Layer {
    match kernel::landlock_abi() {
        Some(abi) => layer("landlock", true, format!("ABI {abi}"), ""),
        None => Layer {
            name: "landlock",
            state: LayerState::Absent,
            found: "not in this kernel".to_owned(),
            remedy: Some(
                "Linux 5.13 or newer with landlock among its security modules (lsm=landlock,…) adds this layer",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_releases_are_compared_by_number() {
        assert_eq!(version_of("5.10.0-28-amd64"), Some((5, 10)));
        assert_eq!(version_of("6.1-rc1"), Some((6, 1)));
        assert!(version_of("5.10.0") > Some(OLDEST_KERNEL));
        assert_eq!(version_of("nonsense"), None);
    }

    #[test]
    fn what_is_not_there_has_a_remedy_and_what_is_there_has_none() {
        for layer in layers(Need::Group) {
            assert_eq!(layer.remedy.is_some(), layer.state != LayerState::Present, "{layer:?}");
        }
    }
}
