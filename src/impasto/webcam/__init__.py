"""Painting live what a camera sees: the camera, the loop, and where pictures go."""
