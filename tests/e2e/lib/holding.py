"""An upstream that holds its replies back until it is told to let them go."""

import asyncio
import contextlib
import socket
import threading

from mme_stack.fetch import wait_until

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nHTTP/1.1"


class HoldingUpstream:
    """Of each reply to /held, sends the first `begun` bytes at once, and the rest when it is let go."""

    def __init__(self, begun: int = 0, host: str = "127.0.0.1") -> None:
        self.begun = begun
        self.held = 0  # requests whose reply has not ended
        self.gate = asyncio.Event()
        self.loop = asyncio.new_event_loop()
        self.listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1000
        )
        port = self.listener.getsockname()[1]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self) -> "HoldingUpstream":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.listener.close()

    def serve(self) -> None:
        self.loop.run_until_complete(asyncio.start_server(self.answer, sock=self.listener))
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(REPLY[: self.begun])
                if b" /held " in head:
                    self.held += 1
                    await self.gate.wait()
                    self.held -= 1
                writer.write(REPLY[self.begun :])
        writer.close()

    def wait_for(self, requests: int) -> None:
        wait_until(lambda: self.held == requests, 60)

    def let_go(self) -> None:
        self.loop.call_soon_threadsafe(self.gate.set)
