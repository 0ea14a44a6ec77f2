"""What programs and agents use in place of the page: MCP, and the interfaces of other servers."""
