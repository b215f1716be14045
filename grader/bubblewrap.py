"""The command line of the strict box: bubblewrap, and a seccomp deny-list.

An ordinary user's box is a user namespace in which no further one can be made. For root the
kernel does not count processes against RLIMIT_NPROC, so root's box has no user namespace of its
own: bubblewrap sets up the mounts with root's rights, then setpriv gives up every capability and
becomes an ordinary user that nobody else on the machine is.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from grader.model import Limits

PACKAGE = Path(__file__).parent
INSIDE = "/box"
FILES = ("__init__.py", "wire.py", "worker.py", "zygote.py")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "USER": "learner",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
# Doors out of the box or into the kernel that no exercise needs.
DENIED = """
    ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd pidfd_open
    io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd
    keyctl add_key request_key mount umount2 pivot_root chroot setns unshare open_tree move_mount
    fsopen fsconfig fsmount fspick mount_setattr kexec_load kexec_file_load reboot swapon swapoff
    init_module finit_module delete_module acct quotactl nfsservctl open_by_handle_at
    name_to_handle_at shmget shmat semget msgget mq_open settimeofday clock_settime adjtimex
    clock_adjtime iopl ioperm lookup_dcookie vhangup syslog sethostname setdomainname personality
""".split()
CLONE_NEWUSER = 0x10000000


def refusal() -> str:
    """Why the strict box cannot be had on this machine, with the fix; empty if it can."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux; use the container level or accept the basic one"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed; install the package `bubblewrap`"
    try:
        seccomp_program()
    except Exception as error:
        return f"the seccomp filter could not be built ({error}); install the package `libseccomp2`"
    return _trial()


@cache
def _trial() -> str:
    """Start the box once around an interpreter that does nothing."""
    with memory_file(seccomp_program()) as filter_fd:
        run = subprocess.run(
            [*command(Limits(), filter_fd), sys.executable, "-S", "-c", "pass"],
            pass_fds=[filter_fd],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    if run.returncode == 0:
        return ""
    words = run.stderr.strip().splitlines()
    return (
        f"bubblewrap is refused here ({words[-1] if words else run.returncode}); allow "
        "unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
        "kernel.apparmor_restrict_unprivileged_userns=0)"
    )


def command(limits: Limits, filter_fd: int) -> list[str]:
    """Everything before the program's own command line."""
    size = str(limits.tmp_mb << 20)
    arguments = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--as-pid-1"]
    arguments += ["--clearenv", "--hostname", "box", "--cap-drop", "ALL"]
    for name, value in ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", size]
    arguments += ["--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    arguments += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp", "--chdir", "/tmp"]
    arguments += _mounts()  # after /tmp, because the interpreter may lie below it
    arguments += ["--remount-ro", "/", "--seccomp", str(filter_fd)]
    return arguments + (_leave_root() if os.geteuid() == 0 else _user_namespace())


def _user_namespace() -> list[str]:
    return ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534", "--"]


def _leave_root() -> list[str]:
    # A user of its own for each box, because RLIMIT_NPROC counts over all boxes of one user.
    user = str(random.SystemRandom().randint(61184, 65519))
    keep = [
        word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")
    ]
    drop = ["--clear-groups", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
    identity = [f"--reuid={user}", f"--regid={user}", "--no-new-privs", "--pdeathsig=KILL"]
    return [*keep, "--", "setpriv", *identity, *drop]


def _mounts() -> list[str]:
    arguments = [
        "--ro-bind",
        "/usr",
        "/usr",
        "--ro-bind-try",
        "/etc/ld.so.cache",
        "/etc/ld.so.cache",
    ]
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        link = Path("/") / name
        if link.is_symlink():
            arguments += ["--symlink", str(link.readlink()), str(link)]
        elif link.exists():
            arguments += ["--ro-bind", str(link), str(link)]
    for prefix in dict.fromkeys((sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix)):
        if not Path(prefix).is_relative_to("/usr"):
            arguments += [*_open_folders(Path(prefix).parent), "--ro-bind", prefix, prefix]
    if PACKAGE.is_relative_to(sys.prefix):
        # An installed grader is not for reading either.
        arguments += ["--tmpfs", str(PACKAGE), "--remount-ro", str(PACKAGE)]
    arguments += _open_folders(Path(INSIDE) / "grader")
    for name in FILES:
        arguments += ["--ro-bind", str(PACKAGE / name), f"{INSIDE}/grader/{name}"]
    return arguments


def _open_folders(folder: Path) -> list[str]:
    """Empty folders that any user may pass; bubblewrap would make them for their owner alone."""
    chain = [folder, *folder.parents][:-1]
    return [word for each in reversed(chain) for word in ("--perms", "0755", "--dir", str(each))]


@cache
def seccomp_program() -> bytes:
    """The compiled deny-list (BPF). A denied call fails with EPERM."""
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in DENIED:
        try:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        except (OSError, RuntimeError, ValueError):
            continue  # this architecture has no such call
    masked = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)
    rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", masked)
    # Its flags lie in memory that a filter cannot see; libc falls back to clone.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    with memory_file(b"") as fd, os.fdopen(os.dup(fd), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


class memory_file:  # noqa: N801 - used like contextlib.closing
    """A file in memory that holds `content`; gives its descriptor."""

    def __init__(self, content: bytes) -> None:
        self._fd = os.memfd_create("box")
        os.write(self._fd, content)
        os.lseek(self._fd, 0, os.SEEK_SET)

    def __enter__(self) -> int:
        return self._fd

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)
