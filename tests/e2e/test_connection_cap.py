"""More connections than `limits.connections`."""

import contextlib

from lib.oracle import assert_accounting, measured, skipped_messages
from lib.raw import RawClient, get

CAP = 100


def exchange(client: RawClient) -> None:
    client.send(get("/?size=1"))
    assert client.response()[0] == 200


def test_a_server_that_reached_its_cap_is_observed_again(servers, traefik):
    """Each proxied request has two connections; upstream ones are kept for the next request."""
    agent = servers.agent([traefik], config={"limits": {"connections": CAP}})
    with contextlib.ExitStack() as open_ones:
        clients = [open_ones.enter_context(RawClient(traefik.port)) for _ in range(CAP + 80)]
        for client in clients[:CAP]:
            client.socket.close()
        for client in clients[CAP:]:
            exchange(client)
    metrics = agent.metrics()
    assert skipped_messages(metrics)["connection_cap"] >= 80
    assert_accounting(metrics)
    for _ in range(3):
        with measured(agent, traefik) as m:
            for _ in range(CAP // 2):
                with RawClient(traefik.port) as client:
                    exchange(client)
        m.assert_equal(CAP // 2)
