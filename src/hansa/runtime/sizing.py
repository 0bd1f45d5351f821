"""How large pools, workers and PostgreSQL are, derived from the machine.

The figures are a sound start for a machine that runs everything; each can be set by hand. Memory
limits of a container (cgroup v2) count as the machine's memory, and the processors allowed to this
process as its processors.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

__all__ = ["Machine", "postgres_parameters", "this_machine"]

MIB = 1024 * 1024
GIB = 1024 * MIB
CGROUP_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the sizes are derived from."""

    cpu_count: int
    memory_bytes: int

    @property
    def web_workers(self) -> int:
        """One web worker per processor, which its event loop fills, if each has a quarter GiB."""
        return max(1, min(self.cpu_count, self.memory_bytes // (256 * MIB), 32))

    @property
    def database_pool_size(self) -> int:
        """Connections per process.

        Small pools measured up to 230 ms at the 99th percentile, eight did not.
        """
        return max(8, min(4 * self.cpu_count, 16))

    @property
    def worker_concurrency(self) -> int:
        """Jobs at once in a worker process: they wait for others most of the time."""
        return max(4, min(4 * self.cpu_count, 32))

    @property
    def connections_max(self) -> int:
        """Room for every pool of a deployment on this machine twice over, and for people."""
        processes = self.web_workers + 2
        return max(100, min(processes * self.database_pool_size * 2 + 20, 1200))


@cache
def this_machine() -> Machine:
    """Describe the machine (or the container) this process runs on."""
    memory_bytes = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):
        memory_bytes = min(memory_bytes, int(CGROUP_MEMORY_LIMIT.read_text()))
    if hasattr(os, "sched_getaffinity"):
        cpu_count = len(os.sched_getaffinity(0))
    else:
        cpu_count = os.cpu_count() or 1
    return Machine(cpu_count=cpu_count, memory_bytes=memory_bytes)


def postgres_parameters(machine: Machine, *, is_followed: bool = False) -> dict[str, str]:
    """Settings of the embedded server for this machine.

    `synchronous_commit` stays on: what was acknowledged survives `kill -9` and a power cut.
    PostgreSQL gets a quarter of the memory at most, because the shop runs on the same machine.
    `is_followed`: other databases may subscribe to it.
    """
    quarter_mib = machine.memory_bytes // 4 // MIB
    shared_buffers_mib = max(64, min(quarter_mib // 2, 4096))
    work_mem_mib = max(4, min(quarter_mib // machine.connections_max, 32))
    maintenance_mib = max(32, min(quarter_mib // 8, 512))
    parallel = max(1, machine.cpu_count // 2)
    return {
        "wal_level": "logical" if is_followed else "replica",
        "max_connections": str(machine.connections_max),
        "shared_buffers": f"{shared_buffers_mib}MB",
        "effective_cache_size": f"{max(128, machine.memory_bytes // 2 // MIB)}MB",
        "work_mem": f"{work_mem_mib}MB",
        "maintenance_work_mem": f"{maintenance_mib}MB",
        "synchronous_commit": "on",
        "max_wal_size": "2GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_worker_processes": str(max(8, machine.cpu_count)),
        "max_parallel_workers": str(machine.cpu_count),
        "max_parallel_workers_per_gather": str(parallel),
        "autovacuum_naptime": "15s",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.02",
        "log_min_duration_statement": "1s",
        "log_line_prefix": "%m [%p] %d ",
    }
