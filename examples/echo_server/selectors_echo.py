"""The same echo server in Python: one thread, `selectors`, no dependencies.

    python3 selectors_echo.py [HOST] [PORT]

Written in the usual way of `selectors`: a socket is registered with the function to call, as its
`data`, and the loop calls whatever it finds there. It is what the Rust server is compared with, so it
makes the same promises: a peer that does not read is not read from either, and one that resets its
connection harms no other.
"""

import selectors
import socket
import sys

BUFFER = 64 * 1024


class Connection:
    """One peer: what it sent and has not got back yet."""

    def __init__(self, selector, sock):
        self.selector = selector
        self.sock = sock
        self.waiting = b""
        selector.register(sock, selectors.EVENT_READ, self.on_readable)

    def on_readable(self):
        try:
            data = self.sock.recv(BUFFER)
            if not data:
                self.close()
                return
            sent = self.send(data)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if sent < len(data):
            self.waiting = data[sent:]
            self.selector.modify(self.sock, selectors.EVENT_WRITE, self.on_writable)

    def on_writable(self):
        try:
            self.waiting = self.waiting[self.send(self.waiting):]
        except OSError:
            self.close()
            return
        if not self.waiting:
            self.selector.modify(self.sock, selectors.EVENT_READ, self.on_readable)

    def send(self, data):
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0

    def close(self):
        self.selector.unregister(self.sock)
        self.sock.close()


def listen(host, port):
    listener = socket.create_server((host, port), backlog=1024)
    listener.setblocking(False)
    return listener


def serve(listener):
    with selectors.DefaultSelector() as selector:

        def on_connect():
            sock, _ = listener.accept()
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Connection(selector, sock)

        selector.register(listener, selectors.EVENT_READ, on_connect)
        while True:
            for key, _ in selector.select():
                key.data()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 7007
    listener = listen(host, port)
    host, port = listener.getsockname()[:2]
    print(f"listening on {host}:{port}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
