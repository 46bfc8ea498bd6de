"""What the process that reads files takes from itself before it sees the first one.

Address space and CPU are bounded, no core is dumped, no file grows, and the lowest priority leaves the machine to live work. It ends with its parent, also when that one is killed.
Programs that it starts (Tesseract) inherit all of it. Network and file system stay reachable: a deployment that fears a taken-over library adds a network policy and a read-only root.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from typing import Final

from connectors.extract.limits import MIB, Limits

LOWEST_PRIORITY: Final = 19
_DIES_WITH_PARENT: Final = 1
_NO_NEW_PRIVILEGES: Final = 38


def confine(limits: Limits) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST_PRIORITY)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    memory = limits.memory_mib * MIB
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.bytes, limits.bytes))
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def allow_cpu(seconds: int) -> None:
    """From now on; beyond it the kernel ends the process with SIGXCPU. A Tesseract started meanwhile has this much at most."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, resource.RLIM_INFINITY))


def cpu_seconds() -> float:
    """Used so far, by this process and those that it started and that have ended."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _leave(_number: int, _frame: object) -> None:
    """Ends a Tesseract that is at work before it goes: subprocess.run kills and reaps it on any exception."""
    sys.exit(0)
