"""How a node is configured: its files and its command line. What isn't said here has Cassandra's default."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_QUIET: Final = "<configuration><root level='OFF'/></configuration>\n"
_LOGBACK: Final = """\
<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
    <file>{}/system.log</file>
    <encoder><pattern>%-5level [%thread] %date{{ISO8601}} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="FILE"/></root>
</configuration>
"""

_PATIENT: Final = {
    **{f"{what}_timeout": "20s" for what in ("read_request", "range_request", "write_request", "request")},
    "counter_write_request_timeout": "20s",
    "truncate_request_timeout": "60s",
}

# What Cassandra 5.0 reaches into on Java 17.
_EXPORTS: Final = """
java.base/jdk.internal.misc java.base/java.lang.ref java.management.rmi/com.sun.jmx.remote.internal.rmi
java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.rmi/sun.rmi.transport.tcp java.sql/java.sql
jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file jdk.attach/sun.tools.attach
"""
_OPENS: Final = """
java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.reflect java.base/java.nio
java.base/java.util java.base/jdk.internal.loader java.base/jdk.internal.math java.base/jdk.internal.module
java.base/jdk.internal.ref java.base/jdk.internal.reflect java.base/jdk.internal.util.jar java.base/sun.nio.ch
jdk.compiler/com.sun.tools.javac jdk.management/com.sun.management.internal
"""
_MODULES: Final = [f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTS.split()] + [
    f"--add-opens={name}=ALL-UNNAMED" for name in _OPENS.split()
]


def files(folder: Path, node: Mapping[str, Any]) -> dict[str, str]:
    """The configuration's files by their names; JSON is YAML."""
    return {
        "cassandra.yaml": json.dumps(_cassandra(folder, node), indent=2),
        "logback.xml": _LOGBACK.format(folder / "logs"),
        "quiet.xml": _QUIET,
    }


def command(java: str, jars: Path, folder: Path, node: Mapping[str, Any]) -> list[str]:
    """The command line of a node."""
    alone = node["copies"] == 1 and node["seeds"] == node["address"]
    throwaway = [
        "-Dcassandra.unsafesystem=true",
        "-Dcassandra.test.flush_local_schema_changes=false",
        "-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4",
    ]
    return [
        java,
        f"-Xmx{node['heap']}",
        "-Xss256k",
        "-XX:TieredStopAtLevel=1",  # a third less CPU until it answers
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+PerfDisableSharedMem",
        f"-javaagent:{next(jars.glob('jamm-*.jar'))}",
        "-Djdk.attach.allowAttachSelf=true",
        *_MODULES,
        "-Djava.net.preferIPv4Stack=true",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Dcassandra-foreground=yes",
        f"-Dcassandra.config=file://{folder}/conf/cassandra.yaml",
        f"-Dcassandra.storagedir={folder}",
        f"-Dcassandra.logdir={folder}/logs",
        f"-Dlogback.configurationFile=file://{folder}/conf/logback.xml",
        f"-Dcassandra.jmx.local.port={node['jmx_port']}",
        "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        f"-Dcassandra.ring_delay_ms={0 if alone else 8000}",
        # When the first role is made; where there are to be more copies it is tried until nodes enough are up.
        f"-Dcassandra.superuser_setup_delay_ms={100 if alone else 1000}",
        "-Dcassandra.consistent.rangemovement=false",  # new nodes may join at once
        "-Dcassandra.shutdown_announce_in_ms=0",
        *(throwaway if node["throwaway"] else []),
        *os.environ.get("CASSANDRA_JVM_OPTS", "").split(),
        "-cp",
        f"{jars}/*",
        "org.apache.cassandra.service.CassandraDaemon",
    ]


def nodetool(java: str, jars: Path, folder: Path, port: int) -> list[str]:
    """The command line of nodetool, without what it is to do."""
    quiet = f"-Dlogback.configurationFile=file://{folder}/conf/quiet.xml"
    return [
        java,
        "-Xmx128m",
        *_MODULES,
        quiet,
        "-cp",
        f"{jars}/*",
        "org.apache.cassandra.tools.NodeTool",
        "-p",
        str(port),
    ]


def _cassandra(folder: Path, node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cluster_name": "local",
        "num_tokens": 1,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "endpoint_snitch": "SimpleSnitch",
        "seed_provider": [
            {
                "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
                "parameters": [{"seeds": node["seeds"]}],
            }
        ],
        "listen_address": node["address"],
        "rpc_address": node["address"],
        "storage_port": node["storage_port"],
        "native_transport_port": node["port"],
        "data_file_directories": [str(folder / "data")],
        "commitlog_directory": str(folder / "commitlog"),
        "saved_caches_directory": str(folder / "saved_caches"),
        "hints_directory": str(folder / "hints"),
        "cdc_raw_directory": str(folder / "cdc_raw"),
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "10000ms",
        "storage_compatibility_mode": "NONE",  # a new cluster: the newest formats on disk
        "auto_snapshot": False,  # what is dropped leaves nothing behind
        "authenticator": "PasswordAuthenticator",
        "authorizer": "CassandraAuthorizer",
        "role_manager": "CassandraRoleManager",
        **{f"{what}_validity": f"{node['auth_cache_ms']}ms" for what in ("roles", "permissions", "credentials")},
        "default_keyspace_rf": node["copies"],
        **(_PATIENT if node["patient"] else {}),
        **({"client_encryption_options": _tls(Path(node["tls"]))} if node["tls"] else {}),
    }


def _tls(folder: Path) -> dict[str, Any]:
    return {
        "enabled": True,
        "optional": False,
        "require_client_auth": True,
        "keystore": str(folder / "node.pem"),
        "truststore": str(folder / "ca.pem"),
        "ssl_context_factory": {"class_name": "org.apache.cassandra.security.PEMBasedSslContextFactory"},
    }
