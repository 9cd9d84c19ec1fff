"""Keep and share: projects as files, one's own recent ones, pinned pictures, the address."""
