"""Our own networks and styles, with their cards in docs/."""
