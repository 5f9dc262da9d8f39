//! The read-only root: a tmpfs with bind mounts, and the pivot into it.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::{chdir, pivot_root};

use super::plan::{FileContent, RootPlan};
use crate::sys::native;

/// The only devices inside.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// Where the tmpfs is mounted until the pivot; any directory will do, what it hides is held open before.
const STAGING: [&str; 4] = ["/tmp", "/run", "/mnt", "/"];

/// Builds the root in a new tmpfs and makes it this process's root. The caller has a mount namespace of its own.
///
/// # Errors
/// The system's error with the path that it concerns.
pub(super) fn build_and_pivot(plan: &RootPlan) -> io::Result<()> {
    mount_private()?;
    let sources = open_sources(plan)?;
    let staging = stage()?;
    for (source, target) in sources {
        bind(&source, &staging, &target).map_err(|error| named(&target, error))?;
    }
    for (place, target) in &plan.links {
        let place = inside(&staging, place);
        make_parent(&place)?;
        symlink(target, &place).map_err(|error| named(&place, error))?;
    }
    for file in &plan.files {
        let place = inside(&staging, &file.target);
        make_parent(&place)?;
        let bytes: Cow<'_, [u8]> = match &file.content {
            FileContent::Text(text) => text.as_bytes().into(),
            FileContent::Base64(text) => BASE64.decode(text.as_bytes()).map_err(io::Error::other)?.into(),
            FileContent::NativeLibrary => native::LIBRARY.into(),
        };
        fs::write(&place, &bytes).map_err(|error| named(&place, error))?;
    }
    fs::create_dir_all(staging.join("tmp"))?;
    pivot(&staging)
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Keeps mounts of this namespace from reaching the host's, and the host's from reaching this one.
fn mount_private() -> io::Result<()> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).map_err(|errno| {
        if errno == Errno::EINVAL {
            io::Error::other("/ is no mount point; inside a chroot, bind-mount its directory onto itself first")
        } else {
            named(Path::new("/"), errno.into())
        }
    })
}

fn open_sources(plan: &RootPlan) -> io::Result<Vec<(File, PathBuf)>> {
    let devices = DEVICES.iter().map(|name| Path::new("/dev").join(name)).map(|path| (path.clone(), path));
    let binds = plan.binds.iter().map(|bind| (bind.source.clone(), bind.target.clone()));
    binds
        .chain(devices)
        .map(|(source, target)| {
            let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
            let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&source);
            file.map(|file| (file, target)).map_err(|error| named(&source, error))
        })
        .collect()
}

fn stage() -> io::Result<PathBuf> {
    let staging = STAGING.iter().map(Path::new).find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("cell"), staging, Some("tmpfs"), flags, Some("mode=0755,size=8m,nr_inodes=4096"))
        .map_err(|errno| named(staging, errno.into()))?;
    Ok(staging.to_owned())
}

fn inside(staging: &Path, target: &Path) -> PathBuf {
    staging.join(target.strip_prefix("/").unwrap_or(target))
}

fn make_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(|error| named(parent, error))
}

fn bind(source: &File, staging: &Path, target: &Path) -> io::Result<()> {
    let place = inside(staging, target);
    make_parent(&place)?;
    if source.metadata()?.is_dir() {
        fs::create_dir_all(&place)?;
    } else {
        File::create(&place)?.set_permissions(fs::Permissions::from_mode(0o444))?;
    }
    let from = PathBuf::from(format!("/proc/self/fd/{}", source.as_raw_fd()));
    mount(Some(&from), &place, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    let mut flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID;
    if !target.starts_with("/dev") {
        flags |= MsFlags::MS_NODEV;
    }
    // In a user namespace a remount may not clear flags of the original mount.
    mount(None::<&str>, &place, None::<&str>, flags | locked_flags(source)?, None::<&str>)?;
    Ok(())
}

fn locked_flags(source: &File) -> io::Result<MsFlags> {
    let found = fstatvfs(source)?.flags();
    let pairs = [
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    Ok(pairs.iter().filter(|(found_flag, _)| found.contains(*found_flag)).fold(MsFlags::empty(), |all, (_, flag)| {
        // A device node on a nodev mount would be useless; such a host says so here instead of in the job.
        all | *flag
    }))
}

/// pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one and is detached.
fn pivot(staging: &Path) -> io::Result<()> {
    chdir(staging)?;
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Ok(mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)?)
}
