"""The servers that are measured, and loads for them."""

from collections.abc import Callable

from mme_stack import Mongod, Route, Stack, Traefik, Upstream


def http_stand(stack: Stack) -> tuple[Traefik, Traefik, Upstream]:
    """A Traefik in front of an upstream, and one that answers /ping by itself: an entrypoint leg alone."""
    upstream = stack.upstream()
    proxy = stack.traefik([Route("PathPrefix(`/`)", [upstream.url])])
    direct = stack.traefik([], name="direct", static={"ping": {"entryPoint": "web"}})
    return proxy, direct, upstream


def mongo_stand(stack: Stack) -> tuple[Mongod, Callable[[int], int]]:
    """A mongod and load(n): n finds of one document by pymongo, one after the other."""
    mongod = stack.mongod()
    client = mongod.client()
    stack.cleanup.callback(client.close)
    collection = client.perf.items
    collection.insert_one({"_id": 1, "text": "x" * 100})

    def load(finds: int) -> int:
        for _ in range(finds):
            collection.find_one({"_id": 1})
        return finds

    return mongod, load
