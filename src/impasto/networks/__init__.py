"""The networks: the transformer that paints and the perceptual network that judges (both need torch)."""
