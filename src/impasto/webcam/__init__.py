"""Live painting: the pictures of a camera in; a window, a virtual camera and recordings of painted pictures out.

In order: camera (reads), live (paints), outputs (shows and records).

Never imports studio or cli, nor torch; OpenCV, PyAV, pygame and pyvirtualcam only in functions.
"""
