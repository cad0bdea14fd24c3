"""The servers that are measured, and loads for them."""

from collections.abc import Callable

from mme_stack import Mongod, Route, Stack, Traefik, Upstream


def http_stand(stack: Stack) -> tuple[Traefik, Traefik, Upstream]:
    """A Traefik in front of an upstream, and one that answers /ping by itself: an entrypoint leg alone."""
    upstream = stack.upstream()
    proxy = stack.traefik([Route("PathPrefix(`/`)", [upstream.url])])
    direct = stack.traefik([], name="direct", static={"ping": {"entryPoint": "web"}})
    return proxy, direct, upstream


def many_routers(stack: Stack, upstream: Upstream, count: int = 100) -> Traefik:
    """Every rule looks at host, path and method: /r0 to /r<count - 1>, half as many services."""
    routes = [
        Route(
            f"Host(`127.0.0.1`) && PathPrefix(`/r{n}`) && (Method(`GET`) || Method(`POST`))",
            [upstream.url],
            router=f"r{n}",
            service=f"s{n // 2}",
        )
        for n in range(count)
    ]
    return stack.traefik(routes, name="many-routers")


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
