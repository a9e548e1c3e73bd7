"""Every write of this room, one module for each family of verbs."""
