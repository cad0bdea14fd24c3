"""More connections than `limits.connections`."""

import contextlib

from lib.oracle import assert_settled_accounting, measured, skipped_messages
from lib.raw import RawClient, get
from mme_stack.fetch import wait_until

CAP = 100


def exchange(client: RawClient) -> None:
    client.send(get("/?size=1"))
    assert client.response()[0] == 200


def test_a_server_that_reached_its_cap_is_observed_again(servers, traefik):
    """Each proxied request has two connections; upstream ones are kept for the next request."""
    agent = servers.agent([traefik], config={"limits": {"connections": CAP}})

    def open_ones_of_traefik() -> float:
        return traefik.metrics().counter("traefik_open_connections", entrypoint="web")

    open_before = open_ones_of_traefik()
    with contextlib.ExitStack() as open_ones:
        clients = [open_ones.enter_context(RawClient(traefik.port)) for _ in range(CAP + 80)]
        wait_until(lambda: skipped_messages(agent.metrics()).get("connection_cap", 0) >= 80)
        for client in clients[:CAP]:
            client.socket.close()
        for client in clients[CAP:]:
            exchange(client)
    assert_settled_accounting(agent)
    for _ in range(3):
        wait_until(lambda: open_ones_of_traefik() <= open_before)  # it ends them some time after the clients
        with measured(agent, traefik) as m:
            for _ in range(CAP // 2):
                with RawClient(traefik.port) as client:
                    exchange(client)
        m.assert_equal(CAP // 2)
