"""Weaviate as one node.

Its REST, gossip and raft ports listen on loopback. Its gRPC and data ports cannot be bound to an address (1.38), so nothing is anonymous: clients need the
home's key, and the cluster's data port its password.
"""

from __future__ import annotations

from collections.abc import Mapping

from operations.stack.probes import answers_ok
from operations.stack.site import LOOPBACK, Site

PORTS = ("weaviate-http", "weaviate-grpc", "weaviate-gossip", "weaviate-data", "weaviate-raft", "weaviate-raft-rpc")
_USER = "headrace"


def prepare(site: Site) -> None:
    site.data("weaviate").mkdir(exist_ok=True)


def command(site: Site) -> list[str]:
    return [str(site.binaries.weaviate), "--host", LOOPBACK, "--port", str(site.port("weaviate-http")), "--scheme", "http"]


def probe(site: Site) -> None:
    answers_ok(f"http://{site.address('weaviate-http')}/v1/.well-known/ready")
    answers_ok(f"http://{site.address('weaviate-http')}/v1/schema", {"Authorization": f"Bearer {site.secrets.weaviate_key}"})


def environment(site: Site) -> Mapping[str, str]:
    return (
        _node(site)
        | _access(site)
        | {
            "PERSISTENCE_DATA_PATH": str(site.data("weaviate")),
            "DEFAULT_VECTORIZER_MODULE": "none",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "LOG_LEVEL": "warning",
            "GOMEMLIMIT": "1GiB",
            # Its heap is small beside the limit: collecting it at each doubling would cost a tenth of a core under load.
            "GOGC": "400",
            # One document may have many thousand chunks, and a look at it lists them all.
            "QUERY_MAXIMUM_RESULTS": "100000",
        }
    )


def _node(site: Site) -> dict[str, str]:
    return {
        "GRPC_PORT": str(site.port("weaviate-grpc")),
        "CLUSTER_HOSTNAME": "headrace",
        "CLUSTER_BIND_ADDR": LOOPBACK,
        "CLUSTER_ADVERTISE_ADDR": LOOPBACK,
        "CLUSTER_GOSSIP_BIND_PORT": str(site.port("weaviate-gossip")),
        "CLUSTER_DATA_BIND_PORT": str(site.port("weaviate-data")),
        "RAFT_PORT": str(site.port("weaviate-raft")),
        "RAFT_INTERNAL_RPC_PORT": str(site.port("weaviate-raft-rpc")),
        "RAFT_BOOTSTRAP_EXPECT": "1",
        # A node alone has nobody to wait for: with the default of 5 it elects itself ten seconds later.
        "RAFT_TIMEOUTS_MULTIPLIER": "1",
    }


def _access(site: Site) -> dict[str, str]:
    return {
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
        "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": site.secrets.weaviate_key,
        "AUTHENTICATION_APIKEY_USERS": _USER,
        "AUTHORIZATION_ADMINLIST_ENABLED": "true",
        "AUTHORIZATION_ADMINLIST_USERS": _USER,
        "CLUSTER_BASIC_AUTH_USERNAME": _USER,
        "CLUSTER_BASIC_AUTH_PASSWORD": site.secrets.weaviate_key,
    }
