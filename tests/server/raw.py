"""Requests that an HTTP client library does not send: broken off, unread, or longer than they say."""

import socket
from urllib.parse import urlsplit


def connect(url: str) -> socket.socket:
    """Connect to a server."""
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=10)


def send_head(url: str, method: str, path: str, **headers: str) -> socket.socket:
    """Send the head of a request, and return the connection."""
    connection = connect(url)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{key}: {value}" for key, value in headers.items())]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def read_status(connection: socket.socket) -> int:
    """Read the status of an answer."""
    return int(connection.recv(4096).split(b" ", 2)[1])
