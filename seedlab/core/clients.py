"""Clients: requests whose share of something is counted together."""

import ipaddress

IPV6_SITE = 64
"""Bits of an IPv6 address that belong to one connection: its owner chooses the others."""


def name_client(address: str) -> str:
    """Return the name under which an address is counted."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_SITE), strict=False))
    return address
