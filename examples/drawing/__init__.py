"""What ``draw_styles.py`` draws with: scenes made of shapes, and one module a technique."""
