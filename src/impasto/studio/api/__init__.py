"""The studio's HTTP interface, a module for each part of it."""
