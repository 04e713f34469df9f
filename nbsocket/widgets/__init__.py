"""anywidget classes: the kernel's half of what a notebook shows. RUNS IN THE KERNEL.

No secret is ever a trait: a view itself asks the Jupyter server for its ticket.
"""
