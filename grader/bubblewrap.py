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
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from grader.model import Limits

PACKAGE = Path(__file__).parent
INSIDE = "/box"
MODELS = "/models"
FILES = ("__init__.py", "meter.py", "processes.py", "wire.py", "worker.py", "zygote.py")
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
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "RAYON_NUM_THREADS": "1",
    "KINETO_LOG_LEVEL": "6",  # above all its levels: torch's profiler talks into what is printed
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
    memfd_create memfd_secret vmsplice io_setup setxattr lsetxattr fsetxattr
    sched_setscheduler sched_setparam sched_setattr sched_setaffinity setpriority ioprio_set
    migrate_pages move_pages
""".split()
CLONE_NEWUSER = 0x10000000
SHARED_ANONYMOUS = 0x21
TRIAL_S = 30


def refusal() -> str:
    """Why the strict box cannot be had on this machine, with the fix; empty if it can."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux; use the container level or accept the basic one"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed; install the package `bubblewrap`"
    if os.geteuid() == 0 and shutil.which("setpriv", path=ENVIRONMENT["PATH"]) is None:
        return "root's box needs setpriv; install the package `util-linux`, or be another user"
    try:
        seccomp_program()
    except Exception as error:
        return f"the seccomp filter could not be built ({error}); install the package `libseccomp2`"
    return _trial()


@cache
def _trial() -> str:
    """Start the box once around an interpreter that does nothing."""
    with memory_file(seccomp_program()) as filter_fd:
        program = [*command(Limits(), filter_fd), sys.executable, "-S", "-c", "pass"]
        reason = _refused(program, filter_fd)
    return reason and (
        f"bubblewrap is refused here ({reason}); allow "
        "unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
        "kernel.apparmor_restrict_unprivileged_userns=0)"
    )


def _refused(command: list[str], *fds: int) -> str:
    """Why a command does not succeed; empty if it does."""
    try:
        run = subprocess.run(
            command,
            pass_fds=fds,
            env=environment(),
            cwd="/",
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=TRIAL_S,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {TRIAL_S} s"
    except OSError as error:
        return error.strerror or "it cannot be started"
    words = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
    return words[-1] if run.returncode else ""


def environment() -> dict[str, str]:
    """What the box and its trials are started with."""
    return ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)}


def gpus(folder: Path = Path("/dev")) -> tuple[Path, ...]:
    """The device nodes of NVIDIA GPUs: nvidia0, nvidiactl, nvidia-uvm and the like."""
    return tuple(sorted(each for each in folder.glob("nvidia*") if each.is_char_device()))


def command(
    limits: Limits,
    filter_fd: int,
    models: Mapping[str, Path] | None = None,
    devices: Sequence[Path] = (),
) -> list[str]:
    """Everything before the program's own command line.

    Args:
        models   folders that are mounted read-only below MODELS, by their names there
        devices  nodes that may be opened in the box besides the usual ones
    """
    size = str(limits.tmp_mb << 20)
    arguments = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--as-pid-1"]
    arguments += ["--clearenv", "--hostname", "box", "--cap-drop", "ALL"]
    for name, value in ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", size]
    # Mapped, /dev/zero would be memory that nobody is charged for; bound like this nobody opens it.
    arguments += ["--tmpfs", "/dev/shm", "--ro-bind", "/dev/null", "/dev/zero"]
    for node in devices:
        arguments += ["--dev-bind", str(node), str(node)]
    arguments += ["--remount-ro", "/dev"]
    arguments += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp", "--chdir", "/tmp"]
    arguments += _mounts()  # after /tmp, because the interpreter may lie below it
    for name, folder in (models or {}).items():
        place = f"{MODELS}/{name}"
        arguments += [*_open_folders(Path(place)), "--ro-bind", str(folder), place]
    arguments += ["--remount-ro", "/", "--seccomp", str(filter_fd)]
    return arguments + (_root_in_box() if os.geteuid() == 0 else _user_namespace())


def _user_namespace() -> list[str]:
    return ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534", "--"]


def _root_in_box() -> list[str]:
    keep = [
        word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")
    ]
    return [*keep, "--", *_another_user()]


def _another_user() -> list[str]:
    # A user of its own for each box, because RLIMIT_NPROC counts over all boxes of one user.
    user = str(random.SystemRandom().randint(61184, 65519))
    identity = [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
    drop = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
    return ["setpriv", *identity, *drop]


def may_read(folder: Path) -> bool:
    """Whether what runs below the strict level can read a folder; as root it is another user."""
    command = [*leave_root(), "test", "-r", str(folder), "-a", "-x", str(folder)]
    return not _refused(command)


def leave_root() -> list[str]:
    """What makes root's box without bubblewrap an ordinary user's; empty where it cannot."""
    return _another_user() if os.geteuid() == 0 and can_leave_root() else []


@cache
def can_leave_root() -> bool:
    """Whether another user can read the interpreter and us, and write to the temporary folder."""
    if shutil.which("setpriv") is None:
        return False
    program = (
        "import sys, tempfile; from importlib.util import find_spec;"
        "sys.path.insert(0, sys.argv[1]);"
        "tempfile.TemporaryDirectory(dir=sys.argv[2]).cleanup();"
        "same = [sys.prefix, sys.base_prefix] == sys.argv[3:];"  # else it found another Python
        "sys.exit(not (same and find_spec('grader.zygote') and find_spec('torch')))"
    )
    where = [str(PACKAGE.parent), tempfile.gettempdir(), sys.prefix, sys.base_prefix]
    return not _refused([*_another_user(), sys.executable, "-s", "-P", "-c", program, *where])


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
    for name, *condition in (
        ("clone", 0, pyseccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER),
        # Memory that nobody is charged for: it stays when the process no longer maps it.
        ("mmap", 3, pyseccomp.MASKED_EQ, SHARED_ANONYMOUS, SHARED_ANONYMOUS),
        # Network even inside is a door: to the kernel, and a socket that is slow to close
        # holds up whoever was sent it.
        ("socket", 0, pyseccomp.NE, socket.AF_UNIX),
        ("socketpair", 0, pyseccomp.NE, socket.AF_UNIX),
        # The zygote's limits, which its other children inherit.
        ("prlimit64", 0, pyseccomp.NE, 0),
    ):
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name, pyseccomp.Arg(*condition))
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
