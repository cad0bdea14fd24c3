"""agent/traefik decides as a real Traefik does: which router each of some 1,300 requests reaches, difference 0.

The oracle is Traefik's access log. A request carries its number in X-Case; one that Traefik's HTTP server refuses by
itself has no line there.
"""

import itertools
import json
import random
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mme_stack import Stack, Traefik
from mme_stack.fetch import wait_until
from mme_stack.paths import AGENT

ROUTE_TOOL = AGENT.parent / "tests/unit/traefik/route_tool"
NOWHERE = "http://127.0.0.1:1"  # refuses: the router is chosen all the same


def words(text: str) -> list[str]:
    return text.split()


# On `web`: every matcher, its odd forms, and rules that Traefik refuses. Name → rule, or a whole router.
ROUTERS: dict[str, str | dict[str, Any]] = {
    "host": "Host(`a.test`)",
    "host-upper": "Host(`UPPER.test`)",
    "host-dot": "Host(`dot.test.`)",
    "host-v6": "Host(`::1`)",
    "host-colons": "Host(`x:y:z`)",
    "host-or": "Host(`or1.test`) || Host(`or2.test`)",
    "host-quotes": 'Host("quotes.test")',
    "host-lower-name": "host(`lower.test`)",
    "host-upper-name": "HOST(`shout.test`)",
    "host-title-name": "Clientip(`127.0.0.1`) && Host(`title.test`)",
    "host-regexp": "HostRegexp(`^[a-z]+\\.re\\.test$`)",
    "host-regexp-digits": "HostRegexp(`^t(?P<n>\\d{1,3})\\.test$`)",
    "host-regexp-any": {"rule": "HostRegexp(`^.+$`) && PathPrefix(`/anyhost`)"},
    "host-regexp-empty": {"rule": "HostRegexp(`^(never)?$`) && PathPrefix(`/emptyname`)"},
    "path": "Host(`p.test`) && Path(`/exact`)",
    "path-slash": "Host(`p.test`) && Path(`/exact/`)",
    "path-blank": {"rule": "Host(`p.test`) && Path(`/foo bar`)", "priority": 99},
    "path-encoded": "Host(`p.test`) && Path(`/a%2Fb`)",
    "path-utf8": "Host(`p.test`) && Path(`/münchen`)",
    "path-parentheses": "Host(`p.test`) && PathPrefix(`/x(y)`)",
    "path-escaped-parentheses": "Host(`p.test`) && PathPrefix(`/%28a%29|`)",
    "path-brackets": "Host(`p.test`) && PathPrefix(`/[`)",
    "path-prefix": "Host(`p.test`) && PathPrefix(`/foo`)",
    "path-prefix-deep": "Host(`p.test`) && PathPrefix(`/foo/bar/baz`)",
    "path-braces": "Host(`p.test`) && PathPrefix(`/v/{id:[0-9]+}`)",
    "path-regexp": "Host(`p.test`) && PathRegexp(`^/items/[0-9]+$`)",
    "path-regexp-named": "Host(`p.test`) && PathRegexp(`^/n/(?<id>[a-f]+)/?$`)",
    "path-regexp-loose": "Host(`p.test`) && PathRegexp(`\\.(?i)(jpe?g|png)$`)",
    "path-escape": 'Host(`p.test`) && Path("/t\\x61b\\u00e9\\t")',
    "method": "Host(`m.test`) && Method(`post`)",
    "method-odd": {"rule": "Host(`m.test`) && Method(`PURGE`)", "priority": 99},
    "method-not": "Host(`m.test`) && !Method(`GET`) && !Method(`POST`)",
    "header": "Host(`h.test`) && Header(`x-tenant-id`, `a`)",
    "header-two": "Host(`h.test`) && Header(`X-Multi`, `two`)",
    "header-regexp": "Host(`h.test`) && HeaderRegexp(`Accept`, `application/(json|xml)`)",
    "header-host": "Host(`h.test`) && Header(`Host`, `h.test`) && PathPrefix(`/hosthost`)",
    "header-proto": "Host(`f.test`) && Header(`X-Forwarded-Proto`, `https`)",
    "header-ws": "Host(`f.test`) && Header(`X-Forwarded-Proto`, `ws`)",
    "header-port": "Host(`f.test`) && Header(`X-Forwarded-Port`, `8443`)",
    "header-for": "Host(`f.test`) && HeaderRegexp(`X-Forwarded-For`, `.`)",
    "header-real-ip": "Host(`f.test`) && PathPrefix(`/realip`) && Header(`X-Real-Ip`, `127.0.0.1`)",
    "header-connection": "Host(`f.test`) && HeaderRegexp(`Connection`, `.`)",
    "header-hop": "Host(`f.test`) && Header(`X-Hop`, `1`)",
    "header-pragma": "Host(`f.test`) && Header(`Cache-Control`, `no-cache`)",
    "header-te": "Host(`f.test`) && HeaderRegexp(`Transfer-Encoding`, `.`)",
    "header-length": "Host(`f.test`) && Header(`Content-Length`, `0`)",
    "query": "Host(`q.test`) && Query(`mobile`, `true`)",
    "query-key": "Host(`q.test`) && Query(`flag`)",
    "query-blank": "Host(`q.test`) && Query(`b c`, `d e`)",
    "query-regexp": "Host(`q.test`) && QueryRegexp(`id`, `^[0-9]+$`)",
    "query-regexp-key": "Host(`q.test`) && QueryRegexp(`only`)",
    "client": "Host(`c.test`) && ClientIP(`127.0.0.0/8`)",
    "client-not": "Host(`c2.test`) && ClientIP(`10.0.0.0/8`)",
    "client-v6": "Host(`c3.test`) && (ClientIP(`::1`) || ClientIP(`::ffff:127.0.0.1`))",
    "not": "Host(`n.test`) && !PathPrefix(`/private`)",
    "not-parentheses": "Host(`nn.test`) && !(PathPrefix(`/a`) || Method(`POST`) && Query(`x`, `1`))",
    "not-not": "Host(`n3.test`) && !!Path(`/a`)",
    "precedence": "Host(`pr.test`) && Path(`/a`) || Path(`/only-path`) && Method(`PUT`)",
    "lines": "Host(`lines.test`) &&\n  (Path(`/a`) ||\n   Path(`/b`))\n",
    "comment": "Host( /* here */ `comment.test`, ) // and no more",
    "ellipsis": "Host(`ellipsis.test`...)",
    "priority-low": {"rule": "Host(`prio.test`) && PathPrefix(`/`)", "priority": 5},
    "priority-high": {"rule": "Host(`prio.test`) && Path(`/exact`)", "priority": 50},
    "priority-negative": {"rule": "Host(`neg.test`)", "priority": -1},
    "catch-promote": "PathPrefix(`/promote`)",
    "twice": {"rule": "Host(`both.test`)", "entryPoints": ["web", "raw"]},
    "nowhere": {"rule": "Host(`nowhere.test`)", "entryPoints": ["missing"]},
    "half-nowhere": {"rule": "Host(`half.test`)", "entryPoints": ["missing", "web"]},
    "tls": {"rule": "Host(`a.test`) && PathPrefix(`/tls`)", "tls": {}},
    # What Traefik leaves out: a longer rule would win otherwise.
    "broken-syntax": "Host(`a.test`) && PathPrefix(`/broken`) &&",
    "broken-line": "Host(`a.test`)\n && PathPrefix(`/broken`)",
    "broken-count": "Host(`a.test`, `b.test`) && PathPrefix(`/`)",
    "broken-empty": "Host(`a.test`) && PathPrefix(``)",
    "broken-path": "Host(`a.test`) && Path(`exact`)",
    "broken-regexp": "Host(`a.test`) && PathRegexp(`^/(?!x)`)",
    "broken-old": "Host(`a.test`) && Headers(`X-A`, `1`)",
    "broken-quote": "Host('a.test') && PathPrefix(`/aaaaaaaaaaaaaaaaaaaaaaaa`)",
    "broken-ip": "Host(`a.test`) && ClientIP(`127.0.0`)",
    "broken-utf8": "Host(`münchen.test`)",
    "broken-service": {"rule": "Host(`a.test`) && PathPrefix(`/s`)", "service": "missing"},
    "broken-weighted": {"rule": "Host(`a.test`) && PathPrefix(`/w`)", "service": "half-weighted"},
    "broken-middleware": {"rule": "Host(`a.test`) && PathPrefix(`/m`)", "middlewares": ["missing"]},
    "broken-priority": {"rule": "Host(`a.test`)", "priority": 9223372036854775800},
    "weighted": {"rule": "Host(`a.test`) && PathPrefix(`/weighted`)", "service": "weighted"},
    # Routers below routers.
    "parent": {"rule": "Host(`tree.test`)", "service": None},
    "child-a": {"rule": "PathPrefix(`/a`)", "parentRefs": ["parent"]},
    "child-b": {"rule": "PathPrefix(`/a/b`)", "parentRefs": ["parent@file"]},
    "parent-both": {"rule": "Host(`a.test`) && PathPrefix(`/parent`)"},
    "child-of-both": {"rule": "PathPrefix(`/`)", "parentRefs": ["parent-both"]},
    "childless": {"rule": "Host(`a.test`) && PathPrefix(`/childless`)", "service": None},
    # On other entrypoints.
    "raw-path": {"rule": "PathPrefix(`//double`) || Path(`/a/../b`)", "entryPoints": ["raw"]},
    "raw-forwarded": {"rule": "Header(`X-Forwarded-Proto`, `https`)", "entryPoints": ["raw"]},
    "raw-for": {"rule": "Header(`X-Forwarded-For`, `1.1.1.1, 2.2.2.2`)", "entryPoints": ["raw"]},
    "raw-query": {"rule": "Query(`a`, `1;b=2`)", "entryPoints": ["raw"]},
    "raw-connection": {"rule": "Header(`Connection`, `X-Keep`)", "entryPoints": ["raw"]},
    "model": {"rule": "Host(`model.test`)", "entryPoints": ["inherits"]},
    "model-two": {"rule": "Host(`model2.test`)", "entryPoints": ["inherits", "web"]},
    "redirected": {"rule": "Host(`a.test`)", "entryPoints": ["plain"]},
    # What is not decided here.
    "tie-a": {"rule": "Host(`tie.test`) && Path(`/a`)", "priority": 7, "entryPoints": ["odd"]},
    "tie-b": {"rule": "Host(`tie.test`)", "priority": 7, "entryPoints": ["odd"]},
    "old": {"rule": "Host(`old.test`, `old2.test`)", "ruleSyntax": "v2", "priority": 1, "entryPoints": ["odd"]},
}
UNDECIDED = {("odd", "tie.test"): "by chance", ("odd", "old.test"): "v2", ("odd", "other.test"): "v2"}

HOSTS = words(
    "a.test A.TEST a.test. a.test:8080 upper.test dot.test dot.test. dot.test.. [::1] [::1]:80 x:y:z or1.test or2.test "
    "quotes.test lower.test shout.test title.test abc.re.test ABC.re.test a1.re.test t7.test t1234.test other.test "
    "p.test m.test h.test f.test q.test c.test c2.test c3.test n.test nn.test n3.test pr.test lines.test comment.test "
    "ellipsis.test prio.test neg.test both.test nowhere.test half.test tree.test model.test model2.test "
    "xn--mnchen-3ya.test"
)
PATHS = words(
    "/ /exact /exact/ /exact?x /Exact /foo%20bar /foo+bar /a%2Fb /a%2fb /a/b /m%C3%BCnchen /m%c3%bcnchen /x(y) "
    "/x%28y%29 /(a)|b /%28a%29%7C /[ /%5B /foo /foobar /foo/ /foo/bar/baz /foo/bar/bazz /v/12 /v/{id:[0-9]+} "
    "/v/%7Bid:%5B0-9%5D+%7D /items/1 /items/x /n/abc /n/abc/ /n/xyz /img.PNG /img.jpeg?x=1 /img.gif /tab%C3%A9%09 "
    "/promote /promote/1 /%70romote /./promote /x/../promote //promote /promote/../a /private /private/x /a /a/b /b "
    "/anyhost /emptyname /broken /tls /s /w /m /weighted /parent /childless /hosthost /only-path /.. /a/.. /a/%2e%2e/b "
    "/%25 /%00 /%ff /~x /a;b /a=b&c /?mobile=true /?mobile=false /?mobile=false&mobile=true /?flag /?flag= /?flag=1 "
    "/?b+c=d%20e /?b%20c=d+e /?id=12 /?id=x&id=7 /?only /?only=1 /?a=1;mobile=true /?%6dobile=true /?mobile=%zz&flag "
    "/?x=1 /? /?? /a?x=1"
)
METHODS = words("GET POST PUT HEAD DELETE OPTIONS PATCH PURGE get post X-ODD")
HEADERS: Sequence[str] = (
    "X-Tenant-ID: a", "x-tenant-id: A", "X-TENANT-ID:   a  ", "X-Tenant-ID: b\r\nX-Tenant-ID: a", "X-Multi: one, two",
    "X-Multi: one\r\nx-multi: two", "X-Multi: t\r\n wo", "Accept: application/json",
    "Accept: text/html, application/xml",
    "Accept: application/JSON", "X-Forwarded-Proto: https", "X-Forwarded-Port: 8443", "X-Forwarded-For: 1.1.1.1",
    "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2", "X-Real-Ip: 9.9.9.9", "Connection: keep-alive",
    "Connection: upgrade\r\nUpgrade: websocket",
    "Connection: upgrade\r\nUpgrade: h2c", "Connection: X-Hop\r\nX-Hop: 1", "X-Hop: 1",
    "Connection: x-hop\r\nX-Hop: 1",
    "Connection: X-Keep\r\nX-Keep: 1", "Connection: X-Forwarded-Proto", "Pragma: no-cache",
    "Pragma: no-cache\r\nCache-Control: max-age=1", "Content-Length: 0", "Transfer-Encoding: chunked",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    number: int
    entrypoint: str
    head: bytes
    host: str


class RoutedTraefik(Traefik):
    """Entrypoints with options of every kind, the access log as the oracle, and the API."""

    def static_config(self, buckets: Sequence[float]) -> dict[str, Any]:
        config = super().static_config(buckets)
        entrypoints = config["entryPoints"]
        entrypoints["web"]["asDefault"] = True
        entrypoints["raw"] |= {
            "http": {"sanitizePath": False, "encodeQuerySemicolons": True},
            "forwardedHeaders": {"insecure": True, "connection": ["X-Keep"]},
        }
        entrypoints["inherits"] |= {"http": {"middlewares": ["mark@file"]}}
        entrypoints["plain"] |= {"http": {"redirections": {"entryPoint": {"to": "web", "scheme": "http"}}}}
        return config | {
            "api": {"insecure": True},
            "ping": {"entryPoint": "web"},
            "accessLog": {
                "filePath": str(self.access_log),
                "format": "json",
                "addInternals": True,
                "fields": {"headers": {"names": {"X-Case": "keep"}}},
            },
        }

    @property
    def access_log(self) -> Path:
        return self.directory / "access.json"

    def records(self) -> dict[int, dict[str, Any]]:
        lines = self.access_log.read_text().splitlines() if self.access_log.exists() else []
        records = [json.loads(line) for line in lines]
        return {int(r["request_X-Case"]): r for r in records if "request_X-Case" in r}


def dynamic() -> dict[str, Any]:
    routers = {}
    for name, given in ROUTERS.items():
        router = {"service": f"s-{name}", "entryPoints": ["web"]} | (
            {"rule": given} if isinstance(given, str) else given
        )
        if "parentRefs" in router:
            del router["entryPoints"]
        routers[name] = {key: value for key, value in router.items() if value is not None}
    names = {r["service"] for r in routers.values() if "service" in r} - {"missing", "weighted", "half-weighted"}
    services: dict[str, Any] = {n: {"loadBalancer": {"servers": [{"url": NOWHERE}]}} for n in sorted(names)}
    services["weighted"] = {"weighted": {"services": [{"name": "s-host", "weight": 1}]}}
    services["half-weighted"] = {"weighted": {"services": [{"name": "s-host"}, {"name": "missing"}]}}
    mark = {"headers": {"customRequestHeaders": {"X-Mark": "1"}}}
    return {"http": {"routers": routers, "services": services, "middlewares": {"mark": mark}}}


def heads() -> Iterator[tuple[str, str, str]]:
    """(entrypoint, host, head without the number and the empty line)"""
    rng = random.Random(4)

    def head(host: str, path: str = "/", method: str = "GET", extra: str = "") -> str:
        return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{extra and extra + chr(13) + chr(10)}"

    for host in HOSTS:
        yield "web", host, head(host)
        for path in rng.sample(PATHS, 6):
            yield "web", host, head(host, path, rng.choice(METHODS))
    for path, host in itertools.product(PATHS, ("p.test", "q.test", "a.test", "other.test")):
        yield "web", host, head(host, path)
    for host, path in itertools.product(("tree.test", "n.test", "nn.test", "n3.test", "pr.test", "lines.test"), PATHS):
        if rng.random() < 0.3:
            yield "web", host, head(host, path, rng.choice(METHODS))
    for method, host in itertools.product(METHODS, ("m.test", "nn.test", "pr.test")):
        yield "web", host, head(host, "/only-path?x=1" if host == "pr.test" else "/?x=1", method)
    for extra, host in itertools.product(HEADERS, ("h.test", "f.test", "f.test:8443")):
        yield "web", host, head(host, extra=extra)
        yield "web", host, head(host, "/hosthost" if host == "h.test" else "/realip", extra=extra)
    for extra in HEADERS:
        yield "raw", "a.test", head("a.test", extra=extra)
    for path, entrypoint in itertools.product(PATHS, ("raw", "inherits", "plain")):
        if entrypoint == "raw" or rng.random() < 0.3:
            yield entrypoint, "a.test", head(rng.choice(HOSTS), path)
    for path in ("//double", "/double", "/a/../b", "/b", "/?a=1;b=2", "/?a=1&b=2", "/ping", "/pingx"):
        for entrypoint in ("raw", "web"):
            yield entrypoint, "a.test", head("a.test", path)
    for path in ("/a", "/a/b", "/a/b/c", "/b"):
        yield "web", "tree.test", head("tree.test", path)
    yield "web", "prio.test", head("prio.test", "/exact")
    for host in ("model.test", "model2.test", "a.test"):
        for entrypoint in ("inherits", "web", "plain"):
            yield entrypoint, host, head(host)
    for host, path in itertools.product(("tie.test", "old.test", "other.test"), ("/", "/a")):
        yield "odd", host, head(host, path)
    for line, *rest in (
        ("GET / HTTP/1.0",),
        ("GET / HTTP/1.0", "Host: a.test"),
        ("GET / HTTP/1.1",),
        ("GET / HTTP/1.1", "Host:"),
        ("GET / HTTP/1.1", "Host: a.test", "Host: a.test"),
        ("GET / HTTP/1.1", "Host: a test"),
        ("GET / HTTP/1.1", "Host: a.test/x"),
        ("GET http://p.test/exact HTTP/1.1", "Host: a.test"),
        ("GET http://P.test:80/exact?x HTTP/1.1", "Host: a.test"),
        ("GET http://p.test HTTP/1.1", "Host: a.test"),
        ("GET https://a.test HTTP/1.1", "Host: p.test"),
        ("GET mailto:x HTTP/1.1", "Host: a.test"),
        ("GET * HTTP/1.1", "Host: a.test"),
        ("OPTIONS * HTTP/1.1", "Host: a.test"),
        ("CONNECT a.test:443 HTTP/1.1", "Host: p.test"),
        ("CONNECT a.test:443 HTTP/1.1",),
        ("CONNECT /exact HTTP/1.1", "Host: p.test"),
        ("GET /exact#x HTTP/1.1", "Host: p.test"),
        ("GET /exact?#x HTTP/1.1", "Host: p.test"),
        ("GET /%zz HTTP/1.1", "Host: p.test"),
        ("GET /%2 HTTP/1.1", "Host: p.test"),
        ("GET exact HTTP/1.1", "Host: p.test"),
        ("GET /exact HTTP/1.1", "Host: p.test", "Bad Name: 1"),
        ("GET /exact HTTP/1.1", "Host: p.test", "Bad-Name : 1"),
        ("GET /exact HTTP/1.1", "Host: p.test", ": 1"),
        ("GET /exact HTTP/1.1", "Host: p.test", "X-A: \x01"),
        ("GET /exact HTTP/1.1", "Host: p.test", "X-A: \xff"),
        ("GET /exact HTTP/1.1", "Host: p.test", "Content-Length: x"),
        ("GET /exact HTTP/1.1", "Host: p.test", "Transfer-Encoding: gzip"),
        ("GET /m\xc3\xbcnchen HTTP/1.1", "Host: p.test"),
        ("G(T /exact HTTP/1.1", "Host: p.test"),
        ("GET /exact HTTP/1.1", "host:p.test"),
        ("GET /exact HTTP/1.1", "Host: \tp.test \t"),
    ):
        yield "web", "a.test", "\r\n".join((line, *rest)) + "\r\n"


@pytest.fixture(scope="module")
def routed(stack: Stack) -> Iterator[RoutedTraefik]:
    assert ROUTE_TOOL.exists(), f"{ROUTE_TOOL} is not built: run scripts/build"
    with stack.nested() as inner:
        name, directory = inner.place("routed-traefik")
        yield inner.run(
            RoutedTraefik(
                directory,
                [],
                name=name,
                entrypoints=("raw", "inherits", "plain", "odd", "traefik"),
                dynamic=dynamic(),
            )
        )


def send(traefik: Traefik, case: Case) -> None:
    with socket.create_connection(("127.0.0.1", traefik.ports[case.entrypoint]), timeout=30) as connection:
        connection.sendall(case.head + (b"0\r\n\r\n" if b"chunked" in case.head else b""))
        while b"\r\n\r\n" not in (got := connection.recv(1 << 16)) and got:
            pass


def ask(cases: Sequence[Case], *options: str) -> list[dict[str, Any]]:
    lines = [json.dumps({"entrypoint": c.entrypoint, "client": "127.0.0.1", "head": c.head.hex()}) for c in cases]
    done = subprocess.run([ROUTE_TOOL, *options], input="\n".join(lines), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def answered(routed: RoutedTraefik) -> tuple[list[Case], dict[int, dict[str, Any]]]:
    """Every case after Traefik has answered it, and what its access log says."""
    cases = [
        Case(
            number, entrypoint, f"{head}X-Case: {number}\r\n\r\n".encode("latin-1" if "\xff" in head else "utf-8"), host
        )
        for number, (entrypoint, host, head) in enumerate(heads())
    ]
    wait_until(lambda: len(rawdata(routed).get("routers", {})) > len(ROUTERS) - 3, timeout=60)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda case: send(routed, case), cases))
    last = Case(len(cases), "web", f"GET / HTTP/1.1\r\nHost: a.test\r\nX-Case: {len(cases)}\r\n\r\n".encode(), "")
    send(routed, last)
    wait_until(lambda: last.number in routed.records(), timeout=60)
    return cases, routed.records()


# Left out by Traefik, on TLS, above others, or out of reach.
UNREACHED = (
    *("broken-", "nowhere", "tls", "parent", "childless", "client-not", "tie-", "old", "redirected"),
    "path-braces",  # a target with { is escaped anew, so that its brackets become %5B
    "header-host",  # Go takes the header away
    "header-te",  # and this
    *("header-proto", "header-for"),  # Traefik takes them from clients that it does not trust
)


def rawdata(traefik: Traefik) -> dict[str, Any]:
    got = subprocess.run(
        ["curl", "-sf", f"http://127.0.0.1:{traefik.ports['traefik']}/api/rawdata"], stdout=subprocess.PIPE
    )
    return json.loads(got.stdout or "{}")


def differences(cases: Sequence[Case], records: dict[int, dict[str, Any]], answers: list[dict[str, Any]]) -> list[str]:
    out = []
    for case, answer in zip(cases, answers, strict=True):
        record = records.get(case.number)
        ours = " -> ".join([*answer["parents"], answer["router"]]) if answer["outcome"] == "matched" else ""
        if record is None:
            theirs, same = "refused", answer["outcome"] == "refused"
        else:
            theirs = record.get("RouterName", "")
            same = answer["outcome"] == ("matched" if theirs else "unmatched") and ours == theirs
            # The log names the load balancer; behind a weighted service that is another name than the router's.
            served = record.get("ServiceName", answer["service"])
            if same and served != answer["service"]:
                same = answer["service"] == "weighted@file" and served == "s-host@file"
        undecided = UNDECIDED.get((case.entrypoint, case.host))
        if answer["outcome"] == "unknown" and undecided and undecided in answer["reason"]:
            continue
        if not same:
            out.append(f"{case.entrypoint} {case.head!r}: Traefik {record and (theirs, served)}, we {answer}")
    return out


def test_every_request_reaches_the_router_that_traefik_chose(
    routed: RoutedTraefik, answered: tuple[list[Case], dict[int, dict[str, Any]]]
) -> None:
    cases, records = answered
    answers = ask(cases, "--static", str(routed.static_file), "--dynamic", str(routed.dynamic_file))
    found = differences(cases, records, answers)
    assert not found, f"{len(found)} of {len(cases)} differ:\n" + "\n".join(found[:20])
    outcomes = {o: sum(a["outcome"] == o for a in answers) for o in ("matched", "unmatched", "refused", "unknown")}
    assert len(cases) > 500
    assert min(outcomes["matched"], outcomes["unmatched"]) > 100, outcomes
    assert outcomes["unknown"] == 5, outcomes  # tie.test at /a; old.test and other.test at both paths
    reached = {a["router"] for a in answers if a["outcome"] == "matched"}
    never = {f"{n}@file" for n in ROUTERS} - reached
    assert not (found := sorted(n for n in never if not n.startswith(UNREACHED))), str(found)


def test_the_api_gives_the_same_answers(
    routed: RoutedTraefik, answered: tuple[list[Case], dict[int, dict[str, Any]]], tmp_path: Path
) -> None:
    cases, records = answered
    file = tmp_path / "rawdata.json"
    file.write_text(json.dumps(rawdata(routed)))
    found = differences(cases, records, ask(cases, "--static", str(routed.static_file), "--rawdata", str(file)))
    assert not found, f"{len(found)} of {len(cases)} differ:\n" + "\n".join(found[:20])
