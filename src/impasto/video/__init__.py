"""Video: reading, steadying, painting and writing moving pictures."""
